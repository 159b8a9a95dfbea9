//! What would be sent on a dossier, for people to look at: nothing is sent, and no identity number shown.

use serde_json::{Map, Value, json};

use crate::domain::identity::Identity;
use crate::domain::ids::DossierId;
use crate::outgoing::portal::compose::{Dossiers, History, LookUp, Steps};
use crate::outgoing::portal::line::Posted;
use crate::outgoing::portal::{DOSSIER, LOOK_UP, PortalSettings, STEP};
use crate::store::{Store, StoreError};

/// Stands for what is not shown.
const HIDDEN: &str = "(không hiện)";

/// What would be sent, were the dossier told of now for the first time.
pub struct Preview {
    /// Each call with its address, headers and body, in their order.
    pub calls: Vec<Value>,
    /// What a person should know.
    pub notes: Vec<String>,
}

/// What would be sent on a dossier. Passwords, sessions and further headers are not shown, and identity
/// numbers are masked, also in texts.
///
/// # Errors
/// If the database refuses, or the dossier is not whole.
pub fn preview(
    store: &Store,
    settings: &PortalSettings,
    id: DossierId,
) -> Result<Preview, StoreError> {
    store.read_with_reference(|conn, reference| {
        let history = History::read(conn, id)?;
        let message = history.message(conn, reference, settings)?;
        let steps = history.steps(reference, |_, is_step| is_step)?;
        let steps: Vec<_> = steps.into_iter().map(|(_, step)| step).collect();
        let number = history.dossier.case_number.as_str();

        let new = Dossiers {
            updating: settings.spell(false),
            data: [&message],
        };
        let mut contents = vec![
            (LOOK_UP, value(&LookUp { mahoso: number })?),
            (DOSSIER, value(&new)?),
        ];
        for data in steps.chunks(settings.steps_at_once.max(1)) {
            contents.push((STEP, value(&Steps { data })?));
        }
        let log_in = json!({ "username": settings.username, "password": HIDDEN });
        let mut calls = vec![call(settings, &settings.log_in_url, log_in)];
        for (service, content) in contents {
            let body = value(&Posted {
                session: HIDDEN,
                madonvi: &settings.agency,
                service,
                content,
            })?;
            calls.push(call(settings, &settings.url, body));
        }

        let procedure = history.procedure(reference)?;
        let mut notes = vec![format!(
            "nếu {LOOK_UP} cho biết cổng đã có hồ sơ này thì isUpdating là {}",
            settings.yes
        )];
        if !procedure.definition.integrated {
            notes.push(format!(
                "thủ tục {} không tích hợp với cổng: không gửi gì cả",
                procedure.definition.code
            ));
        }
        if reference.portal_code(procedure.field_id).is_none() {
            notes.push(format!(
                "chưa biết mã của lĩnh vực '{}' trên cổng: MaLinhVuc để trống (motcua portal fields)",
                reference.field_name(procedure.field_id)
            ));
        }
        Ok(Preview { calls, notes })
    })
}

fn value(content: &impl serde::Serialize) -> Result<Value, StoreError> {
    let value = serde_json::to_value(content);
    value.map_err(|error| StoreError::Other(error.to_string()))
}

fn call(settings: &PortalSettings, url: &str, body: Value) -> Value {
    let mut headers = Map::new();
    if let Some((name, value)) = &settings.destination {
        headers.insert(name.clone(), json!(value));
    }
    for (name, _) in &settings.headers {
        headers.insert(name.clone(), json!(HIDDEN));
    }
    json!({ "url": url, "headers": headers, "body": masked("", body) })
}

/// The same with whatever may be an identity number masked: nine or twelve digits that stand alone.
/// Amounts (`Gia`) are none.
fn masked(name: &str, value: Value) -> Value {
    match value {
        Value::String(text) if name != "Gia" => Value::String(masked_text(&text)),
        Value::Array(items) => items.into_iter().map(|item| masked(name, item)).collect(),
        Value::Object(fields) => {
            let fields = fields.into_iter();
            let fields = fields.map(|(name, value)| {
                let value = masked(&name, value);
                (name, value)
            });
            Value::Object(fields.collect())
        }
        other => other,
    }
}

fn masked_text(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, after) = rest.split_at(digits);
        let identity = match digits {
            9 => Some(Identity::Cmnd(number.to_owned())),
            12 => Some(Identity::Cccd(number.to_owned())),
            _ => None,
        };
        match identity {
            Some(identity) => shown += &identity.to_string(),
            None => shown += number,
        }
        let until = after.find(|c: char| c.is_ascii_digit());
        let (other, next) = after.split_at(until.unwrap_or(after.len()));
        shown += other;
        rest = next;
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identity_numbers_are_masked_wherever_they_stand() {
        let body = json!({
            "data": [{
                "DinhDanhCHS": [{ "LoaiDinhDanh": "1", "SoDinhDanh": "020185000123" }],
                "GhiChu": "bản sao CMND 082123456, điện thoại 0912345678",
                "MaHoSo": "H37.20.01-210301-0001", "NgayTra": "20210305080500",
                "DanhSachLePhi": [{ "Gia": "150000000" }],
            }],
        });
        let shown = masked("", body);
        let data = &shown["data"][0];
        assert_eq!(data["DinhDanhCHS"][0]["SoDinhDanh"], "*********123");
        let note = "bản sao CMND ******456, điện thoại 0912345678";
        assert_eq!(data["GhiChu"], note);
        assert_eq!(data["MaHoSo"], "H37.20.01-210301-0001");
        assert_eq!(data["NgayTra"], "20210305080500");
        assert_eq!(data["DanhSachLePhi"][0]["Gia"], "150000000");
    }
}
