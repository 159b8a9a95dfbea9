//! Texts that are put into what is written to applicants: supervisors and administrators keep them, for their unit and
//! all under it.

use serde_json::json;

use crate::domain::ids::TextBlockId;
use crate::domain::moment::Moment;
use crate::domain::procedure::ProcedureCode;
use crate::domain::text_block::{MOST_LETTERS, MOST_LETTERS_OF_TITLE, MOST_OF_UNIT, Purpose};
use crate::error::Error;
use crate::store::admin_acts::{self, ActKind};
use crate::store::authority::{Proof, Proven};
use crate::store::idempotency::{Happened, Once, once};
use crate::store::reference::Reference;
use crate::store::text_blocks::{self, TextBlock};
use crate::store::{Conn, Store};
use crate::views::text_blocks::missing;

/// A text as it is to be.
#[derive(Debug, Clone)]
pub struct Text {
    pub purpose: Purpose,
    /// Code of a procedure; `None`: for all.
    pub procedure: Option<String>,
    pub title: String,
    pub body: String,
}

impl Text {
    /// As it is kept, and what is wrong with it.
    fn checked(mut self, reference: &Reference) -> Result<Self, Error> {
        let mut wrong = Vec::new();
        let mut check = |field: &'static str, text: &mut String, most: usize| {
            *text = text.trim().to_owned();
            if text.is_empty() {
                wrong.push((field, "để trống".to_owned()));
            } else if text.chars().count() > most {
                wrong.push((field, format!("dài quá {most} ký tự")));
            }
        };
        check("/title", &mut self.title, MOST_LETTERS_OF_TITLE);
        check("/body", &mut self.body, MOST_LETTERS);
        self.procedure = self
            .procedure
            .map(|code| code.trim().to_owned())
            .filter(|code| !code.is_empty());
        if let Some(code) = &mut self.procedure {
            match ProcedureCode::read(code) {
                Err(error) => wrong.push(("/procedure", error.to_string())),
                Ok(ProcedureCode { case: Some(_), .. }) => {
                    let reason = "ghi mã thủ tục, không kèm trường hợp";
                    wrong.push(("/procedure", reason.to_owned()));
                }
                Ok(read) if reference.versions(&read.base).is_empty() => {
                    wrong.push(("/procedure", format!("không có thủ tục '{code}'")));
                }
                Ok(read) => *code = read.base,
            }
        }
        match wrong.is_empty() {
            true => Ok(self),
            false => Err(Error::invalid(wrong)),
        }
    }
}

fn record(
    conn: &mut Conn,
    caller: &Proven,
    kind: ActKind,
    block: &TextBlock,
    reference: &Reference,
    now: Moment,
) -> Result<(), Error> {
    let unit = reference.units().get(block.unit);
    let act = json!({
        "text_block": block.id, "unit": unit.map(|unit| &unit.code), "purpose": block.purpose,
        "procedure": block.procedure, "title": block.title, "body": block.body,
    });
    Ok(admin_acts::record(conn, caller.actor(), now, kind, &act)?)
}

/// Adds a text for the unit of whoever does it.
///
/// # Errors
/// All that is wrong with it, a caller who may not, or an error of the store.
pub fn add(
    store: &Store,
    text: Text,
    key: Option<Once>,
    by: Proof,
    now: Moment,
) -> Result<Happened<TextBlock>, Error> {
    store.write_with_reference_as(by, move |conn, reference, caller| {
        let made = once(conn, key.as_ref(), now, |conn| {
            let text = text.clone().checked(reference)?;
            if text_blocks::count(conn, caller.unit())? >= MOST_OF_UNIT {
                let full = format!("đơn vị đã có đủ {MOST_OF_UNIT} mẫu câu: xóa bớt rồi thêm");
                return Err(Error::wrong("/title", full));
            }
            let block = TextBlock {
                id: TextBlockId::new(now, rand::random()),
                unit: caller.unit(),
                purpose: text.purpose,
                procedure: text.procedure,
                title: text.title,
                body: text.body,
                changed_at: now,
                changed_by: caller.user(),
                version: 1,
            };
            text_blocks::insert(conn, &block)?;
            record(conn, caller, ActKind::TextBlockMade, &block, reference, now)?;
            Ok(block.id)
        })?;
        Ok(Happened {
            value: text_blocks::find(conn, made.value)?.ok_or_else(missing)?,
            before: made.before,
        })
    })
}

fn kept(
    conn: &mut Conn,
    reference: &Reference,
    id: TextBlockId,
    caller: &Proven,
) -> Result<TextBlock, Error> {
    let block = text_blocks::find(conn, id)?.ok_or_else(missing)?;
    match reference.units().is_under(block.unit, caller.unit()) {
        true => Ok(block),
        false => Err(Error::NOT_YOURS_TO_KEEP),
    }
}

/// Changes a text, if it is still at the version that was seen (`None`: whatever it is).
///
/// # Errors
/// All that is wrong with it, one that is out of reach or was changed, or an error of the store.
pub fn change(
    store: &Store,
    id: TextBlockId,
    text: Text,
    seen: Option<u32>,
    by: Proof,
    now: Moment,
) -> Result<TextBlock, Error> {
    store.write_with_reference_as(by, move |conn, reference, caller| {
        let known = kept(conn, reference, id, caller)?;
        if seen.is_some_and(|seen| seen != known.version) {
            return Err(Error::CHANGED);
        }
        let text = text.clone().checked(reference)?;
        let block = TextBlock {
            purpose: text.purpose,
            procedure: text.procedure,
            title: text.title,
            body: text.body,
            changed_at: now,
            changed_by: caller.user(),
            ..known
        };
        if !text_blocks::update(conn, &block)? {
            return Err(Error::CHANGED);
        }
        record(
            conn,
            caller,
            ActKind::TextBlockChanged,
            &block,
            reference,
            now,
        )?;
        text_blocks::find(conn, id)?.ok_or_else(missing)
    })
}

/// Takes a text away; what was written with it stays as it was written.
///
/// # Errors
/// One that is out of reach, a caller who may not, or an error of the store.
pub fn remove(store: &Store, id: TextBlockId, by: Proof, now: Moment) -> Result<(), Error> {
    store.write_with_reference_as(by, move |conn, reference, caller| {
        let known = kept(conn, reference, id, caller)?;
        text_blocks::delete(conn, id)?;
        record(
            conn,
            caller,
            ActKind::TextBlockRemoved,
            &known,
            reference,
            now,
        )
    })
}
