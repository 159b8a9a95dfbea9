//! How the domain's own types look in the document. The domain itself knows nothing of it.

use serde_json::Value;
use utoipa::openapi::schema::{
    ArrayBuilder, KnownFormat, ObjectBuilder, SchemaFormat, SchemaType, Type,
};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::domain::calendar::{DayKind, SourceKind};
use crate::domain::counting::Rule;
use crate::domain::dossier::{ActionKind, Channel, Decision, LinkKind, PaymentMethod, Status};
use crate::domain::ids::{
    AlarmId, DeputyId, DossierId, FeedbackId, JobId, MessageId, PersonId, PrivacyRequestId,
    SavedListId, SessionId, SubmissionId, TextBlockId, WebhookId,
};
use crate::domain::job::{Kind as JobKind, State as JobState};
use crate::domain::moment::Moment;
use crate::domain::norms::{FormKind, JudgedBy, JudgedDate, Numbering, Sure};
use crate::domain::opinion::FeedbackKind;
use crate::domain::privacy::{Request as PrivacyRequest, Seen};
use crate::domain::procedure::{LimitSource, OnSupplement, OnlineLevel, Place, StepRole};
use crate::domain::role::Role;
use crate::domain::text_block::Purpose;
use crate::domain::time_limit::{LimitUnit, Outcome};
use crate::domain::unit::{Level, UnitKind};
use crate::domain::warning::Warning;

/// The schema of what looks like an example: the domain's own types that are written as they are.
/// What the example leaves open (`null`) may be anything.
pub(crate) fn like(example: &Value) -> RefOr<Schema> {
    let object = || ObjectBuilder::new().examples([example.clone()]);
    match example {
        Value::Object(fields) => fields
            .iter()
            .fold(
                object().schema_type(Type::Object),
                |object, (name, value)| object.property(name, like(value)),
            )
            .into(),
        Value::Array(items) => {
            let items = items.first().unwrap_or(&Value::Null);
            ArrayBuilder::new().items(like(items)).into()
        }
        Value::String(_) => object().schema_type(Type::String).into(),
        Value::Number(number) if number.is_f64() => object().schema_type(Type::Number).into(),
        Value::Number(_) => object().schema_type(Type::Integer).into(),
        Value::Bool(_) => object().schema_type(Type::Boolean).into(),
        Value::Null => ObjectBuilder::new()
            .schema_type(SchemaType::AnyValue)
            .into(),
    }
}

/// A type that is written as one of a few texts.
macro_rules! texts {
    ($($kind:ident: $description:literal = $values:expr;)+) => {
        $(
            impl PartialSchema for $kind {
                fn schema() -> RefOr<Schema> {
                    let values = $values.into_iter().map(|value| {
                        serde_json::to_value(value).unwrap_or_default()
                    });
                    ObjectBuilder::new()
                        .schema_type(Type::String)
                        .description(Some($description))
                        .enum_values(Some(values.collect::<Vec<_>>()))
                        .into()
                }
            }

            impl ToSchema for $kind {}
        )+
    };
}

texts! {
    Status: "Trạng thái của hồ sơ (mã quốc gia 1–10)" = Status::ALL;
    Channel: "Hình thức nộp, trả: trực tiếp, trực tuyến, bưu chính công ích" = Channel::ALL;
    Decision: "Kết quả giải quyết" = [Decision::Approved, Decision::Refused];
    PaymentMethod: "Hình thức thanh toán" = PaymentMethod::ALL;
    Outcome: "Trước hạn, đúng hạn, quá hạn" = [Outcome::Early, Outcome::OnTime, Outcome::Overdue];
    Level: "Cấp hành chính" = Level::ALL;
    UnitKind: "Loại đơn vị" = [UnitKind::PeopleCommittee, UnitKind::Department];
    Role: "Vai trò" = Role::ALL;
    DayKind: "Ngày nghỉ, hoặc ngày làm bù" = [DayKind::Off, DayKind::Work];
    Rule: "Quy tắc đã áp dụng khi tính hạn trả" = Rule::ALL;
    SourceKind: "Theo luật, theo thông báo, hoặc dự kiến (chưa công bố)" = SourceKind::ALL;
    LimitUnit: "Đơn vị của thời hạn" = LimitUnit::ALL;
    LimitSource: "Thời hạn nào được áp dụng: theo quy định, cam kết, theo hình thức nộp, theo trường hợp" =
        LimitSource::ALL;
    OnlineLevel: "Mức độ dịch vụ công trực tuyến" = [
        OnlineLevel::Full, OnlineLevel::Partial, OnlineLevel::Information
    ];
    OnSupplement: "Thời hạn sau khi bổ sung: tính lại, hoặc tính tiếp" = [
        OnSupplement::Restart, OnSupplement::Resume
    ];
    FormKind: "Loại mẫu" = [
        FormKind::Receipt, FormKind::Supplement, FormKind::Refusal, FormKind::Apology, FormKind::Stop,
        FormKind::Control, FormKind::Book,
    ];
    Numbering: "Thứ tự các nhóm của mã định danh trong mã hồ sơ" = [
        Numbering::LowestFirst, Numbering::HighestFirst
    ];
    JudgedBy: "Đúng hạn xét theo thời điểm, hay theo ngày" = [JudgedBy::Moment, JudgedBy::Day];
    JudgedDate: "Xét theo ngày hẹn đầu tiên, hay ngày hẹn lại" = [JudgedDate::First, JudgedDate::Moved];
    Sure: "Mức chắc chắn: đã đọc văn bản, theo văn bản đã công bố, nguồn thứ cấp, theo trí nhớ" = Sure::ALL;
    Place: "Nơi thực hiện bước" = [Place::Receiving, Place::Parent, Place::Unit];
    StepRole: "Người thực hiện bước" = [StepRole::Clerk, StepRole::Officer, StepRole::Supervisor];
    ActionKind: "Thao tác" = ActionKind::ALL;
    PrivacyRequest: "Yêu cầu về dữ liệu của mình: xem, sửa, hạn chế xử lý, xóa" = PrivacyRequest::ALL;
    Seen: "Đã xem: số định danh đầy đủ, hoặc hồ sơ (người theo dõi)" = Seen::ALL;
    Warning: "Cảnh báo khi tiếp nhận" = Warning::ALL;
    FeedbackKind: "Phản ánh, hoặc kiến nghị" = FeedbackKind::ALL;
    JobKind: "Loại công việc chạy nền" = JobKind::ALL;
    LinkKind: "Liên quan, thay thế, liên thông" = LinkKind::ALL;
    Purpose: "Mẫu câu để bổ sung, từ chối, không tiếp nhận, xin lỗi" = Purpose::ALL;
    JobState: "Đang chờ, đang chạy, đã xong" = JobState::ALL;
}

/// A type that is written as a text of a known format.
macro_rules! formats {
    ($($kind:ident: $format:ident, $description:literal, $example:literal;)+) => {
        $(
            impl PartialSchema for $kind {
                fn schema() -> RefOr<Schema> {
                    ObjectBuilder::new()
                        .schema_type(Type::String)
                        .format(Some(SchemaFormat::KnownFormat(KnownFormat::$format)))
                        .description(Some($description))
                        .examples([$example])
                        .into()
                }
            }

            impl ToSchema for $kind {}
        )+
    };
}

formats! {
    Moment: DateTime, "Thời điểm theo RFC 3339", "2021-03-01T08:00:00+07:00";
    DossierId: Uuid, "Định danh của hồ sơ", "01780000-0000-7000-8000-000000000000";
    SessionId: Uuid, "Định danh của phiên đăng nhập", "01780000-0000-7000-8000-000000000000";
    SubmissionId: Uuid, "Định danh của hồ sơ chờ xác nhận", "01780000-0000-7000-8000-000000000000";
    FeedbackId: Uuid, "Định danh của phản ánh, kiến nghị", "01780000-0000-7000-8000-000000000000";
    MessageId: Uuid, "Định danh của thông điệp", "01780000-0000-7000-8000-000000000000";
    WebhookId: Uuid, "Định danh của webhook", "01780000-0000-7000-8000-000000000000";
    DeputyId: Uuid, "Định danh của việc làm thay", "01780000-0000-7000-8000-000000000000";
    PersonId: Uuid, "Định danh của người nộp hoặc người được ủy quyền trên một hồ sơ", "01780000-0000-7000-8000-000000000000";
    PrivacyRequestId: Uuid, "Định danh của yêu cầu", "01780000-0000-7000-8000-000000000000";
    AlarmId: Uuid, "Định danh của cảnh báo", "01780000-0000-7000-8000-000000000000";
    SavedListId: Uuid, "Định danh của danh sách đã lưu", "01780000-0000-7000-8000-000000000000";
    TextBlockId: Uuid, "Định danh của mẫu câu", "01780000-0000-7000-8000-000000000000";
    JobId: Uuid, "Định danh của công việc chạy nền", "01780000-0000-7000-8000-000000000000";
}
