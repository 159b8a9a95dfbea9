//! Money as histories tell of it: what was collected and paid back in a period, along an index of those events alone.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Nullable, SmallInt, Text};

use crate::domain::dossier::PaymentMethod;
use crate::domain::ids::{ProcedureId, UnitId};
use crate::domain::moment::Moment;
use crate::store::{Conn, StoreError};

/// What came in or went out, of one unit, procedure and way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flow {
    /// The unit that answers for the dossiers now.
    pub unit: UnitId,
    pub procedure: ProcedureId,
    pub method: PaymentMethod,
    /// How often money came in, and how much.
    pub collected: i64,
    pub collected_vnd: i64,
    /// How often it was paid back, and how much.
    pub refunded: i64,
    pub refunded_vnd: i64,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Integer)]
    unit_id: i32,
    #[diesel(sql_type = Integer)]
    procedure_id: i32,
    #[diesel(sql_type = SmallInt)]
    kind: i16,
    #[diesel(sql_type = Nullable<Text>)]
    method: Option<String>,
    #[diesel(sql_type = BigInt)]
    times: i64,
    #[diesel(sql_type = BigInt)]
    amount: i64,
}

/// All that was paid and paid back from `from` to before `before`, as far as it was recorded before `known`.
pub fn flows(
    conn: &mut Conn,
    from: Moment,
    before: Moment,
    known: Moment,
) -> Result<Vec<Flow>, StoreError> {
    let [from, before, known] = [from, before, known].map(Moment::unix_millis);
    // The kinds are the index's: PaymentTaken, FeesCollected, FeesRefunded, RefundCancelled.
    let query = |method: &str, amount: &str| {
        format!(
            "select d.unit_id, d.procedure_id, e.kind, {method} as method, count(*) as times, \
             cast(sum({amount}) as bigint) as amount \
             from dossier_events e join dossiers d on d.id = e.dossier_id \
             where e.kind in (8, 19, 25, 26) and e.at >= {from} and e.at < {before} \
             and coalesce(e.recorded_at, e.at) < {known} and {amount} > 0 \
             group by d.unit_id, d.procedure_id, e.kind, {method}"
        )
    };
    let rows: Vec<Row> = match conn {
        Conn::Sqlite(conn) => {
            let query = query(
                "json_extract(e.data, '$.method')",
                "json_extract(e.data, '$.amount_vnd')",
            );
            diesel::sql_query(query).load(conn)?
        }
        Conn::Postgres(conn) => {
            let query = query(
                "(e.data::json ->> 'method')",
                "(e.data::json ->> 'amount_vnd')::bigint",
            );
            diesel::sql_query(query).load(conn)?
        }
    };
    rows.into_iter().map(flow).collect()
}

fn flow(row: Row) -> Result<Flow, StoreError> {
    let corrupt = || StoreError::corrupt("dossier_events.data");
    let method = row
        .method
        .as_deref()
        .unwrap_or(PaymentMethod::Cash.as_str());
    let mut flow = Flow {
        unit: UnitId(row.unit_id),
        procedure: ProcedureId(row.procedure_id),
        method: method.parse().map_err(|()| corrupt())?,
        collected: 0,
        collected_vnd: 0,
        refunded: 0,
        refunded_vnd: 0,
    };
    match row.kind {
        8 | 19 => (flow.collected, flow.collected_vnd) = (row.times, row.amount),
        25 => (flow.refunded, flow.refunded_vnd) = (row.times, row.amount),
        26 => (flow.refunded, flow.refunded_vnd) = (-row.times, -row.amount),
        _ => return Err(corrupt()),
    }
    Ok(flow)
}
