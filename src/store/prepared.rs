//! Statements that are prepared once a connection.

use diesel::backend::Backend;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};

/// A statement that diesel would prepare anew every time, because the text of such a one may depend on its
/// values (updates, upserts, plain text): this one's does not. Only for statements that give rows back: where diesel is
/// to `execute` one, it asks the statement within.
pub(super) struct PreparedOnce<Q>(pub Q);

impl<Q> QueryId for PreparedOnce<Q> {
    type QueryId = ();

    // By its text.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<DB: Backend, Q: QueryFragment<DB>> QueryFragment<DB> for PreparedOnce<Q> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.0.walk_ast(out)
    }

    fn is_safe_to_cache_prepared(&self, _: &DB) -> QueryResult<bool> {
        Ok(true)
    }
}

impl<Q: Query> Query for PreparedOnce<Q> {
    type SqlType = Q::SqlType;
}

impl<Q, C> RunQueryDsl<C> for PreparedOnce<Q> {}
