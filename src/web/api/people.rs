//! Applicants and delegates as a body brings them.

use chrono::Datelike;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::domain::Invalid;
use crate::domain::email;
use crate::domain::identity::Identity;
use crate::domain::person::{NotifyBy, Person};
use crate::domain::phone;
use crate::domain::text;
use crate::web::problem::FieldError;

/// A person or organisation.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "Nguyễn Thị Ánh", "identity_number": "020185000123", "tax_code": null,
    "phone": "0912345678", "email": "anh@example.vn",
    "address": "Thôn Nà Lốc, tỉnh Lạng Sơn", "notify_by": "email",
}))]
pub struct PersonInput {
    /// Họ và tên, hoặc tên tổ chức.
    #[schema(example = "Nguyễn Thị Ánh")]
    pub name: String,
    /// Số căn cước (12 chữ số), chứng minh nhân dân (9) hoặc hộ chiếu (C1234567).
    #[serde(default)]
    #[schema(example = "020185000123")]
    pub identity_number: Option<String>,
    /// Mã số thuế của tổ chức (10 hoặc 10-3 chữ số), thay cho số định danh.
    #[serde(default)]
    #[schema(example = "4900123456")]
    pub tax_code: Option<String>,
    #[serde(default)]
    #[schema(example = "0912345678")]
    pub phone: Option<String>,
    #[serde(default)]
    #[schema(example = "anh@example.vn")]
    pub email: Option<String>,
    #[serde(default)]
    #[schema(example = "Thôn Nà Lốc, tỉnh Lạng Sơn")]
    pub address: Option<String>,
    /// Nhận tin qua: email, sms, zalo, none. Mặc định: người nộp nhận qua thư điện tử nếu có, nếu
    /// không thì tin nhắn; người được ủy quyền không nhận.
    #[serde(default)]
    pub notify_by: Option<NotifyBy>,
}

impl PersonInput {
    fn identity(&self) -> Result<Option<Identity>, (&'static str, Invalid)> {
        match (&self.identity_number, &self.tax_code) {
            (Some(number), _) => Identity::person(number)
                .map(Some)
                .map_err(|error| ("identity_number", error)),
            (None, Some(code)) => Identity::organisation(code)
                .map(Some)
                .map_err(|error| ("tax_code", error)),
            (None, None) => Ok(None),
        }
    }

    /// The person; wrong fields are named under `pointer`.
    pub fn read(&self, pointer: &str, wrong: &mut Vec<FieldError>) -> Person {
        if self.identity_number.is_some() && self.tax_code.is_some() {
            let detail = "chỉ một trong identity_number và tax_code";
            wrong.push(FieldError::new(format!("{pointer}/tax_code"), detail));
        }
        let identity = self.identity().unwrap_or_else(|(field, error)| {
            wrong.push(FieldError::new(format!("{pointer}/{field}"), error));
            None
        });
        let this_year = crate::clock::now().date().year();
        if identity.as_ref().and_then(Identity::born_in) > Some(this_year) {
            let detail = "năm sinh trong số này ở tương lai: so lại từng chữ số với giấy tờ";
            wrong.push(FieldError::new(
                format!("{pointer}/identity_number"),
                detail,
            ));
        }
        let kept = |text: &Option<String>| {
            let text = text.as_deref().map(text::line);
            text.filter(|text| !text.is_empty())
        };
        let person = Person {
            name: text::line(&self.name),
            identity,
            // One that cannot be read is named below.
            phone: kept(&self.phone).map(|phone| phone::read(&phone).unwrap_or(phone)),
            email: kept(&self.email).map(|email| email::read(&email).unwrap_or(email)),
            address: kept(&self.address),
            notify_by: self.notify_by,
        };
        for (field, reason) in person.wrong_fields() {
            wrong.push(FieldError::new(format!("{pointer}/{field}"), reason));
        }
        person
    }
}
