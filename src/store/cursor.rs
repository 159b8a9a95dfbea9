//! Places in an order: where a page goes on.

use diesel::backend::Backend;
use diesel::dsl::{AsExprOf, SqlTypeOf};
use diesel::expression::{
    AppearsOnTable, AsExpression, Expression, SelectableExpression, TypedExpressionType,
    ValidGrouping, is_aggregate,
};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Bool, SqlType};

/// How rows follow each other.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Going {
    Up,
    Down,
    /// Not past it: up to and with the row of that place.
    UpTo,
}

/// `(column, id) > (last, last_id)`, or `<`. Both databases go straight to such a row's place in an index
/// of the columns, however many have the same value; the condition in words they would look through.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Past<A, B, X, Y> {
    columns: (A, B),
    going: Going,
    last: (X, Y),
}

type At<A, B, X, Y> = Past<A, B, AsExprOf<X, SqlTypeOf<A>>, AsExprOf<Y, SqlTypeOf<B>>>;

/// Behind a place in that order.
pub(crate) fn past<A, B, X, Y>(going: Going, columns: (A, B), last: (X, Y)) -> At<A, B, X, Y>
where
    A: Expression,
    B: Expression,
    A::SqlType: SqlType + TypedExpressionType,
    B::SqlType: SqlType + TypedExpressionType,
    X: AsExpression<A::SqlType>,
    Y: AsExpression<B::SqlType>,
{
    Past {
        columns,
        going,
        last: (last.0.as_expression(), last.1.as_expression()),
    }
}

impl<A, B, X, Y, DB> QueryFragment<DB> for Past<A, B, X, Y>
where
    DB: Backend,
    A: QueryFragment<DB>,
    B: QueryFragment<DB>,
    X: QueryFragment<DB>,
    Y: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("(");
        self.columns.0.walk_ast(out.reborrow())?;
        out.push_sql(", ");
        self.columns.1.walk_ast(out.reborrow())?;
        out.push_sql(")");
        out.push_sql(match self.going {
            Going::Up => " > ",
            Going::Down => " < ",
            Going::UpTo => " <= ",
        });
        out.push_sql("(");
        self.last.0.walk_ast(out.reborrow())?;
        out.push_sql(", ");
        self.last.1.walk_ast(out.reborrow())?;
        out.push_sql(")");
        Ok(())
    }
}

impl<A, B, X, Y> Expression for Past<A, B, X, Y> {
    type SqlType = Bool;
}

impl<A, B, X, Y, QS> AppearsOnTable<QS> for Past<A, B, X, Y>
where
    A: AppearsOnTable<QS>,
    B: AppearsOnTable<QS>,
    X: AppearsOnTable<QS>,
    Y: AppearsOnTable<QS>,
{
}

impl<A, B, X, Y, QS> SelectableExpression<QS> for Past<A, B, X, Y>
where
    A: SelectableExpression<QS>,
    B: SelectableExpression<QS>,
    X: SelectableExpression<QS>,
    Y: SelectableExpression<QS>,
{
}

impl<A, B, X, Y> ValidGrouping<()> for Past<A, B, X, Y> {
    type IsAggregate = is_aggregate::No;
}

impl<A, B, X, Y> QueryId for Past<A, B, X, Y> {
    type QueryId = ();
    // Where it goes is not in the type.
    const HAS_STATIC_QUERY_ID: bool = false;
}

/// The query for a page of what belongs to some units, by id behind `after`: `Up` oldest first, `Down` newest first.
macro_rules! of_units {
    ($table:ident, $units:expr, $going:ident, $after:expr, $limit:expr) => {{
        let units: Vec<i32> = $units.iter().map(|unit| unit.0).collect();
        let mut query = $table::table
            .filter($table::unit_id.eq_any(units))
            .limit(i64::from($limit))
            .into_boxed();
        if let Some(after) = $after {
            let after = after.bytes().to_vec();
            query = $crate::store::cursor::of_units!(@behind $going, query, $table, after);
        }
        $crate::store::cursor::of_units!(@order $going, query, $table)
    }};
    (@behind Up, $query:expr, $table:ident, $after:expr) => { $query.filter($table::id.gt($after)) };
    (@behind Down, $query:expr, $table:ident, $after:expr) => { $query.filter($table::id.lt($after)) };
    (@order Up, $query:expr, $table:ident) => { $query.order($table::id) };
    (@order Down, $query:expr, $table:ident) => { $query.order($table::id.desc()) };
}
pub(super) use of_units;
