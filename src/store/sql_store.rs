//! The part of the implementations that is the same: which unit of work content which method.

/// Implements [`super::Store`] for a type that has `read()` (a connection) and `write(unit)` (a transaction).
macro_rules! store_impl {
    ($store:ident {
        location: |$l:ident| $location:expr,
        cluster_id: |$c:ident| $cluster_id:expr,
        generation: |$g:ident| $generation:expr,
        close: |$x:ident| $close:block,
    }) => {
        #[async_trait]
        impl Store for $store {
            fn location(&self) -> String {
                let $l = self;
                $location
            }

            fn pool_size(&self) -> Option<(u32, u32)> {
                let pool = self.pool();
                Some((pool.size(), u32::try_from(pool.num_idle()).unwrap_or(u32::MAX)))
            }

            async fn ping(&self) -> Result<(), StoreError> {
                sql::generation(&mut *self.read().await?).await.map(|_| ())
            }

            async fn close(&self) {
                let $x = self;
                $close
            }

            async fn cluster_id(&self) -> Result<String, StoreError> {
                let $c = self;
                Ok($cluster_id)
            }

            async fn generation(&self) -> Result<Generation, StoreError> {
                self.current_generation().await
            }

            fn known_generation(&self) -> Generation {
                let $g = self;
                $generation
            }

            async fn schema(&self, context: &str, id: SchemaId) -> Result<Option<StoredSchema>, StoreError> {
                sql::schema(&mut *self.read().await?, context, id).await
            }

            async fn schemas(&self, context: &str, ids: &[SchemaId]) -> Result<Vec<StoredSchema>, StoreError> {
                sql::schemas(&mut *self.read().await?, context, ids).await
            }

            async fn holders(&self, context: &str, id: SchemaId) -> Result<Vec<Holder>, StoreError> {
                sql::holders(&mut *self.read().await?, context, id).await
            }

            async fn ids_by_guid(&self, guid: Guid) -> Result<Vec<(String, SchemaId, SchemaType)>, StoreError> {
                sql::ids_by_guid(&mut *self.read().await?, guid).await
            }

            async fn content_ids(&self, context: &str, guid: Guid, schema_type: SchemaType) -> Result<Vec<SchemaId>, StoreError> {
                sql::content_ids(&mut *self.read().await?, context, guid, schema_type).await
            }

            async fn subject(&self, subject: &Subject) -> Result<SubjectState, StoreError> {
                sql::subject(&mut *self.read().await?, subject).await
            }

            async fn version(
                &self,
                subject: &Subject,
                selector: VersionSelector,
                deleted: bool,
            ) -> Result<Option<VersionRow>, StoreError> {
                sql::version(&mut *self.read().await?, subject, selector, deleted).await
            }

            async fn settings(&self, scopes: &[Scope]) -> Result<Vec<ScopeSettings>, StoreError> {
                sql::settings(&mut *self.read().await?, scopes).await
            }

            async fn all_settings(
                &self,
                limit: i64,
            ) -> Result<Option<std::collections::HashMap<Scope, ScopeSettings>>, StoreError> {
                sql::all_settings(&mut *self.read().await?, limit).await
            }

            async fn referrers(
                &self,
                subject: &Subject,
                version: Version,
                deleted: bool,
            ) -> Result<Vec<(String, SchemaId)>, StoreError> {
                sql::referrers(&mut *self.read().await?, subject, version, deleted).await
            }

            async fn is_referenced(&self, subject: &Subject) -> Result<bool, StoreError> {
                sql::is_referenced(&mut *self.read().await?, subject).await
            }

            async fn contexts(&self) -> Result<Vec<String>, StoreError> {
                sql::contexts(&mut *self.read().await?).await
            }

            async fn contexts_with_subject(&self, name: &str) -> Result<Vec<String>, StoreError> {
                sql::contexts_with_subject(&mut *self.read().await?, name).await
            }

            async fn max_id(&self, context: &str) -> Result<SchemaId, StoreError> {
                sql::max_id(&mut *self.read().await?, context).await
            }

            async fn subjects(
                &self,
                filter: &SubjectFilter,
                after: Option<&str>,
                limit: i64,
            ) -> Result<Vec<ListedSubject>, StoreError> {
                sql::subjects(&mut *self.read().await?, filter, after, limit).await
            }

            async fn versions(
                &self,
                filter: &VersionFilter,
                after: Option<(&str, Version)>,
                limit: i64,
            ) -> Result<Vec<ListedVersion>, StoreError> {
                sql::versions(&mut *self.read().await?, filter, after, limit).await
            }

            async fn subject_aliases(&self, filter: &SubjectFilter) -> Result<Vec<(Subject, String)>, StoreError> {
                sql::subject_aliases(&mut *self.read().await?, filter).await
            }

            async fn associations(&self, filter: &AssociationFilter) -> Result<Vec<Association>, StoreError> {
                sql::associations(&mut *self.read().await?, filter).await
            }

            async fn associations_of(&self, subjects: &[Subject]) -> Result<Vec<Association>, StoreError> {
                sql::associations_of(&mut *self.read().await?, subjects).await
            }

            async fn associate(&self, request: Arc<AssociateRequest>) -> Result<AssociateOutcome, StoreError> {
                self.write(move |conn| {
                    let request = Arc::clone(&request);
                    Box::pin(async move { sql::associate(conn, &request).await })
                })
                .await
            }

            async fn changes(&self, after: i64, limit: i64) -> Result<Vec<Change>, StoreError> {
                sql::changes(&mut *self.read().await?, after, limit).await
            }

            async fn alias(&self, uri: &str) -> Result<Option<Alias>, StoreError> {
                sql::alias(&mut *self.read().await?, uri).await
            }

            async fn aliases(&self, offset: i64, limit: i64) -> Result<Vec<Alias>, StoreError> {
                sql::aliases(&mut *self.read().await?, offset, limit).await
            }

            async fn type_bindings(&self) -> Result<Vec<TypeBinding>, StoreError> {
                sql::type_bindings(&mut *self.read().await?).await
            }

            async fn named(&self, name: &SchemaName, limit: i64) -> Result<Vec<NamedSchema>, StoreError> {
                sql::named(&mut *self.read().await?, name, limit).await
            }

            async fn subject_by_xregistry_id(&self, context: &str, xreg_id: &str) -> Result<Option<Subject>, StoreError> {
                sql::subject_by_xregistry_id(&mut *self.read().await?, context, xreg_id).await
            }

            async fn document_tag(&self, context: &str, id: SchemaId) -> Result<Option<DocumentTag>, StoreError> {
                sql::document_tag(&mut *self.read().await?, context, id).await
            }

            async fn schemas_without_names(&self, limit: i64) -> Result<Vec<StoredSchema>, StoreError> {
                sql::schemas_without_names(&mut *self.read().await?, limit).await
            }

            async fn put_schema_names(&self, batch: Vec<SchemaNames>) -> Result<(), StoreError> {
                let batch = Arc::new(batch);
                self.write(move |conn| {
                    let batch = Arc::clone(&batch);
                    Box::pin(async move { sql::put_schema_names(conn, &batch).await })
                })
                .await
            }

            async fn put_alias(&self, alias: &Alias) -> Result<bool, StoreError> {
                let (work, now) = (Arc::new(alias.clone()), (self.clock)());
                self.write(move |conn| {
                    let work = Arc::clone(&work);
                    Box::pin(async move { sql::put_alias(conn, &work, now).await })
                })
                .await
            }

            async fn delete_alias(&self, uri: &str) -> Result<Option<Alias>, StoreError> {
                let (work, now) = (Arc::new(uri.to_owned()), (self.clock)());
                self.write(move |conn| {
                    let work = Arc::clone(&work);
                    Box::pin(async move { sql::delete_alias(conn, &work, now).await })
                })
                .await
            }

            async fn put_type_binding(&self, binding: &TypeBinding) -> Result<bool, StoreError> {
                let (work, now) = (Arc::new(binding.clone()), (self.clock)());
                self.write(move |conn| {
                    let work = Arc::clone(&work);
                    Box::pin(async move { sql::put_type_binding(conn, &work, now).await })
                })
                .await
            }

            async fn delete_type_binding(&self, pattern: &str) -> Result<bool, StoreError> {
                let (work, now) = (Arc::new(pattern.to_owned()), (self.clock)());
                self.write(move |conn| {
                    let work = Arc::clone(&work);
                    Box::pin(async move { sql::delete_type_binding(conn, &work, now).await })
                })
                .await
            }

            async fn register(&self, request: Arc<RegisterRequest>) -> Result<RegisterOutcome, StoreError> {
                self.write(move |conn| {
                    let request = Arc::clone(&request);
                    Box::pin(async move { sql::register(conn, &request).await })
                })
                .await
            }

            async fn delete(&self, request: Arc<DeleteRequest>) -> Result<DeleteOutcome, StoreError> {
                self.write(move |conn| {
                    let request = Arc::clone(&request);
                    Box::pin(async move { sql::delete(conn, &request).await })
                })
                .await
            }

            async fn put_config(&self, scope: &Scope, patch: &ConfigPatch) -> Result<Config, StoreError> {
                let (work, now) = (Arc::new((scope.clone(), patch.clone())), (self.clock)());
                self.write(move |conn| {
                    let work = Arc::clone(&work);
                    Box::pin(async move { sql::put_config(conn, &work.0, &work.1, now).await })
                })
                .await
            }

            async fn delete_config(&self, scope: &Scope) -> Result<Option<Config>, StoreError> {
                let (scope, now) = (Arc::new(scope.clone()), (self.clock)());
                self.write(move |conn| {
                    let scope = Arc::clone(&scope);
                    Box::pin(async move { sql::delete_config(conn, &scope, now).await })
                })
                .await
            }

            async fn put_mode(
                &self,
                scope: &Scope,
                mode: Option<Mode>,
                import: ImportSwitch,
            ) -> Result<DeleteOutcome, StoreError> {
                let (scope, now) = (Arc::new(scope.clone()), (self.clock)());
                self.write(move |conn| {
                    let scope = Arc::clone(&scope);
                    Box::pin(async move { sql::put_mode(conn, &scope, mode, import, now).await })
                })
                .await
            }

            async fn delete_mode(&self, scope: &Scope, recursive: bool) -> Result<(Option<Mode>, bool), StoreError> {
                let (scope, now) = (Arc::new(scope.clone()), (self.clock)());
                self.write(move |conn| {
                    let scope = Arc::clone(&scope);
                    Box::pin(async move { sql::delete_mode(conn, &scope, recursive, now).await })
                })
                .await
            }

            async fn delete_context(&self, context: &str) -> Result<bool, StoreError> {
                let (context, now) = (Arc::<str>::from(context), (self.clock)());
                self.write(move |conn| {
                    let context = Arc::clone(&context);
                    Box::pin(async move { sql::delete_context(conn, &context, now).await })
                })
                .await
            }
        }
    };
}
pub(super) use store_impl;
