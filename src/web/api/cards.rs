//! `/api/v1/cards`: an applicant from the QR code of an identity card.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::identity_card::IdentityCard;
use crate::web::api::answers::{Reply, fresh};
use crate::web::body::{Body, Readable};
use crate::web::problem::Problem;

/// What a scanner typed. In a body: a card's text never stands in an address.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Scan {
    /// `số|số cũ|họ tên|ddmmyyyy|giới tính|địa chỉ|ddmmyyyy`.
    #[schema(
        example = "020185000123|082123456|Nguyễn Thị Ánh|05031985|Nữ|Thôn Nà Lốc, Lạng Sơn|10052021"
    )]
    text: String,
}

impl Readable for Scan {
    const LIMIT: usize = 8 * 1024;
}

/// The applicant that a card fills in.
#[derive(Serialize, ToSchema)]
pub struct Holder {
    /// As `applicant` of a new dossier takes it.
    applicant: Applicant,
    /// Số chứng minh nhân dân cũ.
    old_identity_number: Option<String>,
    born_on: NaiveDate,
    #[schema(example = "Nữ")]
    sex: String,
    issued_on: NaiveDate,
}

/// Fields of an applicant.
#[derive(Serialize, ToSchema)]
pub struct Applicant {
    #[schema(example = "Nguyễn Thị Ánh")]
    name: String,
    #[schema(example = "020185000123")]
    identity_number: String,
    #[schema(example = "Thôn Nà Lốc, Lạng Sơn")]
    address: String,
}

pub async fn read(body: Body<Scan>) -> Reply<Holder> {
    let card = IdentityCard::parse(&body.value.text, crate::clock::now().date())
        .map_err(|error| Problem::invalid_field("/text", error))?;
    Ok(fresh(Holder {
        applicant: Applicant {
            name: card.name,
            identity_number: card.identity.number().to_owned(),
            address: card.address,
        },
        old_identity_number: card.old_identity.map(|old| old.number().to_owned()),
        born_on: card.born_on,
        sex: card.sex,
        issued_on: card.issued_on,
    }))
}
