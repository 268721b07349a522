//! Services and their methods.

use std::collections::HashMap;

use super::breach::{Compared, KEEP, Policy, below, option, place};
use super::fields;
use crate::schema::meter;
use crate::schema::protobuf::model::{Rpc, Service, join};
use crate::types::ProtobufPolicy;

pub(super) fn compare(policy: &mut Policy<'_>, scopes: (&str, &str), (old, new): (&[Service], &[Service])) -> Compared {
    meter::charge_for(1 + old.len() + new.len())?;
    let by_name: HashMap<&str, &Service> = new.iter().map(|service| (&*service.name, service)).collect();
    for service in old {
        let path = below("#/", &service.name);
        let Some(other) = by_name.get(&*service.name) else {
            if policy.is(ProtobufPolicy::File) {
                let text = format!("The {{R}} schema is missing the service '{}' of the {{W}} schema", service.name);
                policy.breach("SERVICE_NO_DELETE", &path, text, place(scopes.0, &service.name, service.at), None, KEEP);
            }
            continue;
        };
        let scopes = (join(scopes.0, &service.name), join(scopes.1, &service.name));
        meter::charge_for(1 + service.rpcs.len() + other.rpcs.len())?;
        let rpcs: HashMap<&str, &Rpc> = other.rpcs.iter().map(|rpc| (&*rpc.name, rpc)).collect();
        for rpc in &service.rpcs {
            let path = below(&path, &rpc.name);
            match rpcs.get(&*rpc.name) {
                Some(other) => compare_rpcs(policy, &path, (&scopes.0, &scopes.1), (rpc, other)),
                None if policy.is(ProtobufPolicy::File) => {
                    let text = format!("The {{R}} schema is missing the rpc '{}' of the {{W}} schema", rpc.name);
                    policy.breach("RPC_NO_DELETE", &path, text, place(&scopes.0, &rpc.name, rpc.at), None, KEEP);
                }
                None => {}
            }
        }
    }
    Ok(())
}

fn compare_rpcs(policy: &mut Policy<'_>, path: &str, scopes: (&str, &str), (old, new): (&Rpc, &Rpc)) {
    let places = || (place(scopes.0, &old.name, old.at), place(scopes.1, &new.name, new.at));
    let remedy = "Add a new rpc instead.";
    let streams = [
        ("RPC_SAME_CLIENT_STREAMING", "request", &old.request, &new.request),
        ("RPC_SAME_SERVER_STREAMING", "response", &old.response, &new.response),
    ];
    for (rule, what, before, after) in streams {
        if before.stream != after.stream {
            let word = |stream: bool| if stream { "a stream" } else { "one message" };
            let (r, w) = (word(after.stream), word(before.stream));
            let text = format!("The {what} of rpc '{}' is {r} in the {{R}} schema and {w} in the {{W}} schema", old.name);
            let (old_place, new_place) = places();
            policy.breach(rule, path, text, old_place, new_place, remedy);
        }
    }
    let types = [
        ("RPC_SAME_REQUEST_TYPE", "request", &old.request, &new.request),
        ("RPC_SAME_RESPONSE_TYPE", "response", &old.response, &new.response),
    ];
    for (rule, what, before, after) in types {
        let (w, r) = (
            fields::full_type_name(policy.old, &before.kind, scopes.0),
            fields::full_type_name(policy.new, &after.kind, scopes.1),
        );
        if w != r {
            let text = format!("The {what} of rpc '{}' is '{r}' in the {{R}} schema and '{w}' in the {{W}} schema", old.name);
            let (old_place, new_place) = places();
            policy.breach(rule, path, text, old_place, new_place, remedy);
        }
    }
    let (w, r) = (option(&old.options, "idempotency_level"), option(&new.options, "idempotency_level"));
    let level = |word: &str| if word.is_empty() { "IDEMPOTENCY_UNKNOWN".to_owned() } else { word.to_owned() };
    if level(w) != level(r) {
        let (r, w) = (level(r), level(w));
        let text = format!("The idempotency of rpc '{}' is '{r}' in the {{R}} schema and '{w}' in the {{W}} schema", old.name);
        let (old_place, new_place) = places();
        policy.breach("RPC_SAME_IDEMPOTENCY_LEVEL", path, text, old_place, new_place, "Keep the option.");
    }
}
