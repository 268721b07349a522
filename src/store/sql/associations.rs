//! Reading the associations of resources with subjects.

use sqlx::Row as _;

use super::{Conn, Row, dialect};
use crate::store::{AssociationFilter, AssociationScope, StoreError};
use crate::types::{Association, AssociationType, Lifecycle, Resource, Subject};

macro_rules! columns {
    () => {
        "guid, resource_name, resource_namespace, resource_id, resource_type, association_type, context, subject, lifecycle, frozen, \
         created_at, updated_at"
    };
}
pub(super) use columns;

macro_rules! order {
    () => {
        "ORDER BY resource_name, resource_namespace, resource_type, association_type, context, subject, resource_id"
    };
}

fn bad(what: &str) -> StoreError {
    StoreError::Inconsistent { table: "associations", what: what.to_owned() }
}

fn association(row: &Row) -> Result<Association, StoreError> {
    Ok(Association {
        guid: row.try_get(0)?,
        resource: Resource { name: row.try_get(1)?, namespace: row.try_get(2)?, id: row.try_get(3)?, kind: row.try_get(4)? },
        association_type: AssociationType::parse(row.try_get(5)?).ok_or_else(|| bad("association type"))?,
        subject: Subject::in_context(row.try_get(6)?, row.try_get(7)?),
        lifecycle: Lifecycle::parse(row.try_get(8)?).ok_or_else(|| bad("lifecycle"))?,
        frozen: row.try_get(9)?,
        created_at: row.try_get(10)?,
        updated_at: row.try_get(11)?,
    })
}

pub(in crate::store) async fn associations(conn: &mut Conn, filter: &AssociationFilter) -> Result<Vec<Association>, StoreError> {
    let condition = match &filter.scope {
        AssociationScope::ResourceId(_) => {
            concat!("SELECT ", columns!(), " FROM associations WHERE resource_id = $1 AND $2 = $2 ")
        }
        AssociationScope::ResourceName { .. } => concat!(
            "SELECT ",
            columns!(),
            " FROM associations WHERE ($1 = '' OR resource_name = $1) AND ($2 = '' OR resource_namespace = $2) "
        ),
        AssociationScope::Subject(_) => concat!("SELECT ", columns!(), " FROM associations WHERE context = $1 AND subject = $2 "),
    };
    let (first, second) = match &filter.scope {
        AssociationScope::ResourceId(id) => (id.as_str(), ""),
        AssociationScope::ResourceName { name, namespace } => (name.as_deref().unwrap_or(""), namespace.as_deref().unwrap_or("")),
        AssociationScope::Subject(subject) => (subject.context(), subject.name()),
    };
    let rest = concat!(
        "AND ($3 = 0 OR resource_type = $4) AND ($5 = 0 OR association_type IN ",
        texts!("6"),
        ") AND ($7 = '' OR lifecycle = $7) ",
        order!(),
        " LIMIT $8 OFFSET $9"
    );
    let types = filter.types.as_ref();
    let names: Vec<&str> = types.into_iter().flatten().map(|t| t.as_str()).collect();
    let rows = sqlx::query::<dialect::Db>(sqlx::AssertSqlSafe(format!("{condition}{rest}")))
        .bind(first)
        .bind(second)
        .bind(i64::from(filter.resource_type.is_some()))
        .bind(filter.resource_type.as_deref().unwrap_or(""))
        .bind(i64::from(types.is_some()))
        .bind(serde_json::Value::from(names).to_string())
        .bind(filter.lifecycle.map_or("", Lifecycle::as_str))
        .bind(filter.limit)
        .bind(filter.offset)
        .fetch_all(conn)
        .await?;
    rows.iter().map(association).collect()
}

pub(in crate::store) async fn associations_of(conn: &mut Conn, subjects: &[Subject]) -> Result<Vec<Association>, StoreError> {
    // names are compared together with their contexts below: the list may name one subject in several of them
    let names: Vec<&str> = subjects.iter().map(Subject::name).collect();
    let rows = sqlx::query::<dialect::Db>(concat!(
        "SELECT ",
        columns!(),
        " FROM associations WHERE subject IN ",
        texts!("1"),
        " ",
        order!()
    ))
    .bind(serde_json::Value::from(names).to_string())
    .fetch_all(conn)
    .await?;
    let mut out = rows.iter().map(association).collect::<Result<Vec<_>, _>>()?;
    out.retain(|association| subjects.contains(&association.subject));
    Ok(out)
}
