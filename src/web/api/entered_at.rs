//! When something happened that is entered later: a moment, or a moment with the reason why it is
//! entered so late.

use serde::{Deserialize, Deserializer, de};
use serde_json::json;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, OneOfBuilder, SchemaFormat, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::domain::disclosure::{PERSONAL_NUMBER, holds_personal_number};
use crate::domain::moment::Moment;

const MOST_LETTERS: usize = 2000;

/// `"2026-11-25T08:15:00+07:00"`, or `{"moment": "…", "late_reason": "…"}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnteredAt {
    pub moment: Moment,
    pub late_reason: Option<String>,
}

impl EnteredAt {
    /// The moment and the reason of what may be left out.
    pub(crate) fn parts(entered: Option<Self>) -> (Option<Moment>, Option<String>) {
        match entered {
            Some(Self {
                moment,
                late_reason,
            }) => (Some(moment), late_reason),
            None => (None, None),
        }
    }
}

impl<'de> Deserialize<'de> for EnteredAt {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct WithReason {
            moment: Moment,
            #[serde(default)]
            late_reason: Option<String>,
        }

        struct Visitor;

        impl<'de> de::Visitor<'de> for Visitor {
            type Value = EnteredAt;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a string")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<EnteredAt, E> {
                Ok(EnteredAt {
                    moment: Moment::parse(text).map_err(E::custom)?,
                    late_reason: None,
                })
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<EnteredAt, A::Error> {
                let WithReason {
                    moment,
                    late_reason,
                } = WithReason::deserialize(de::value::MapAccessDeserializer::new(map))?;
                let letters = late_reason.as_deref().unwrap_or_default().chars().count();
                if letters > MOST_LETTERS {
                    return Err(de::Error::custom("lý do nhập muộn dài quá 2.000 ký tự"));
                }
                if late_reason.as_deref().is_some_and(holds_personal_number) {
                    return Err(de::Error::custom(PERSONAL_NUMBER));
                }
                Ok(EnteredAt {
                    moment,
                    late_reason,
                })
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

impl PartialSchema for EnteredAt {
    fn schema() -> RefOr<Schema> {
        let moment = || {
            ObjectBuilder::new()
                .schema_type(Type::String)
                .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
        };
        let reason = ObjectBuilder::new()
            .schema_type(Type::String)
            .max_length(Some(MOST_LETTERS))
            .description(Some("Lý do nhập muộn."));
        let late = ObjectBuilder::new()
            .schema_type(Type::Object)
            .property("moment", moment())
            .property("late_reason", reason)
            .required("moment");
        OneOfBuilder::new()
            .item(moment())
            .item(late)
            .description(Some(
                "Thời điểm, nếu nhập sau; mặc định là bây giờ. Lùi xa hơn desk.backdating_days \
                 ngày làm việc thì cần lãnh đạo nhập, kèm lý do.",
            ))
            .examples([json!("2026-11-25T08:15:00+07:00")])
            .into()
    }
}

impl ToSchema for EnteredAt {}
