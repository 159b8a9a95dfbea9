//! `/api/v1/dossiers`: taking in, one or many, and reading.

use actix_web::HttpResponse;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::acts::receive::NewRequest;
use crate::acts::receive_many::{Entry as BatchEntry, Outcome as BatchOutcome};
use crate::acts::{self, By, Intent};
use crate::domain::case_number::CaseNumber;
use crate::domain::dossier::{Channel, ItemGiven, Paper, ReturnDate};
use crate::domain::ids::{DossierId, UserId};
use crate::domain::moment::Moment;
use crate::domain::warning::Warning;
use crate::store::overview::Key;
use crate::store::{Store, dossiers};
use crate::views;
use crate::views::dossier::{DossierView, EventView, FullIdentity};
use crate::web::api::answers::{Answer, Created, Many, Reply, Tagged, fresh, fresh_tagged, shown};
use crate::web::api::call::Call;
use crate::web::api::check_length;
use crate::web::api::entered_at::EnteredAt;
use crate::web::api::fees::{FeeInput, asked, check_fees};
use crate::web::api::people::PersonInput;
use crate::web::body::{Apart, Body, Readable};
use crate::web::headers::{IdempotencyKey, IfNoneMatch, version_tag};
use crate::web::problem::{FieldError, MOST_ERRORS, Problem};

/// A paper handed in.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"position": 0, "key": null, "originals": 1, "copies": 0}))]
pub struct ItemInput {
    /// Vị trí trong thành phần hồ sơ của phiên bản thủ tục đang áp dụng, từ 0.
    #[serde(default)]
    #[schema(example = 0)]
    position: Option<u16>,
    /// Khóa của giấy tờ, thay cho vị trí; giữ nguyên qua các phiên bản của thủ tục.
    #[serde(default)]
    #[schema(example = "don-dang-ky-1a2b3c4d")]
    key: Option<String>,
    /// Số bản chính.
    #[serde(default)]
    #[schema(example = 1)]
    originals: u16,
    /// Số bản sao.
    #[serde(default)]
    #[schema(example = 0)]
    copies: u16,
}

/// The papers; at most as many as a checklist may have.
pub(crate) fn read_items(items: &[ItemInput], wrong: &mut Vec<FieldError>) -> Vec<ItemGiven> {
    if items.len() > 1000 {
        wrong.push(FieldError::new("/items", "quá 1.000 giấy tờ"));
    }
    let mut read = Vec::with_capacity(items.len());
    for (i, item) in items.iter().enumerate() {
        let paper = match (item.position, &item.key) {
            (Some(position), None) => Paper::Position(position),
            (None, Some(key)) => {
                check_length(&format!("/items/{i}/key"), key, 100, wrong);
                Paper::Key(key.clone())
            }
            _ => {
                let detail = "cần đúng một trong hai: position hoặc key";
                wrong.push(FieldError::new(format!("/items/{i}/position"), detail));
                continue;
            }
        };
        read.push(ItemGiven(paper, item.originals, item.copies));
    }
    read
}

/// A return date that is named by hand.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReturnDateInput {
    /// Thời điểm hẹn trả, trong giờ làm việc.
    #[schema(value_type = String, format = DateTime, example = "2021-03-22T17:00:00+07:00")]
    at: Moment,
    /// Vì sao là ngày này.
    #[schema(example = "Theo thỏa thuận với người nộp")]
    reason: String,
}

impl ReturnDateInput {
    pub(crate) fn read(&self, pointer: &str, wrong: &mut Vec<FieldError>) -> ReturnDate {
        let field = format!("{pointer}/return_date/reason");
        match self.reason.trim() {
            "" => wrong.push(FieldError::new(field, "để trống")),
            reason => check_length(&field, reason, 2000, wrong),
        }
        ReturnDate {
            at: self.at,
            reason: self.reason.clone(),
        }
    }
}

/// A dossier as the clerk fills it in.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDossier {
    /// Mã đơn vị tiếp nhận.
    #[schema(example = "H37.20.01")]
    unit: String,
    /// Mã đơn vị có thẩm quyền giải quyết, nếu không phải đơn vị tiếp nhận (tiếp nhận phi địa giới hành chính; chỉ
    /// với thủ tục trong danh mục được tiếp nhận như vậy). Thời hạn tính từ khi đơn vị này nhận được hồ sơ.
    #[serde(default)]
    #[schema(example = json!(null))]
    competent_unit: Option<String>,
    /// Đơn vị có thẩm quyền nhận được ngay (chuyển điện tử); mặc định là có. Nếu không, đơn vị đó ghi nhận bằng
    /// thao tác `reach`, và đến lúc ấy ngày hẹn trả tính như khi hồ sơ được chuyển đúng hạn.
    #[serde(default)]
    passed_on: Option<bool>,
    /// Mã thủ tục, có hoặc không có phần mã tỉnh (`2.000815`, `2.000815.H37`, `2.000815.000.00.00.H37`) và trường hợp
    /// (`2.000635.02`).
    #[schema(example = "2.000815")]
    procedure: String,
    /// Trường hợp của thủ tục (hai chữ số), nếu không ghi trong mã thủ tục; bắt buộc khi thời hạn khác nhau theo
    /// trường hợp.
    #[serde(default)]
    #[schema(example = json!(null))]
    case: Option<String>,
    #[serde(default)]
    channel: Option<Channel>,
    #[serde(default)]
    return_channel: Option<Channel>,
    applicant: PersonInput,
    /// Người được ủy quyền.
    #[serde(default)]
    delegate: Option<PersonInput>,
    /// Số bộ hồ sơ; mặc định 1.
    #[serde(default)]
    sets: Option<u16>,
    #[serde(default)]
    items: Vec<ItemInput>,
    /// Số trang, số bản phải nộp phí; mức phí áp dụng khi có nhiều mức, kèm lý do.
    #[serde(default)]
    #[schema(example = json!([{"position": 0, "quantity": 5}]))]
    fees: Vec<FeeInput>,
    /// Tên đăng nhập của người được giao.
    #[serde(default)]
    #[schema(example = "h37.20.01.officer")]
    assignee: Option<String>,
    /// Chỉ khi thủ tục không quy định thời hạn, và khi đó bắt buộc.
    #[serde(default)]
    #[schema(example = json!(null))]
    return_date: Option<ReturnDateInput>,
    /// Cảnh báo đã xem và chấp nhận, theo tên.
    #[serde(default)]
    #[schema(example = json!([]))]
    accept: Vec<Warning>,
    /// Thời điểm tiếp nhận, nếu nhập sau; mặc định là bây giờ.
    #[serde(default)]
    at: Option<EnteredAt>,
}

impl NewDossier {
    /// When it was handed in, where that is entered later.
    pub(crate) fn moment(&self) -> Option<Moment> {
        self.at.as_ref().map(|at| at.moment)
    }

    pub(crate) fn request(&self, pointer: &str, wrong: &mut Vec<FieldError>) -> NewRequest {
        let person = |person: &PersonInput, name: &str, wrong: &mut Vec<FieldError>| {
            person.read(&format!("{pointer}/{name}"), wrong)
        };
        NewRequest {
            unit: self.unit.clone(),
            competent_unit: self.competent_unit.clone(),
            passed_on: self.passed_on.unwrap_or(true),
            procedure: self.procedure.clone(),
            case: self.case.clone(),
            channel: self.channel.unwrap_or_default(),
            return_channel: self.return_channel.unwrap_or_default(),
            applicant: person(&self.applicant, "applicant", wrong),
            delegate: self
                .delegate
                .as_ref()
                .map(|delegate| person(delegate, "delegate", wrong)),
            sets: self.sets.unwrap_or(1),
            items: read_items(&self.items, wrong),
            fees: {
                check_fees(&format!("{pointer}/fees"), &self.fees, wrong);
                asked(self.fees.clone())
            },
            assignee: self.assignee.clone(),
            return_date: (self.return_date.as_ref()).map(|named| named.read(pointer, wrong)),
            late_reason: self.at.as_ref().and_then(|at| at.late_reason.clone()),
            accept: self.accept.clone(),
        }
    }
}

impl Readable for NewDossier {
    fn check(&self) -> Vec<FieldError> {
        let mut wrong = Vec::new();
        self.request("", &mut wrong);
        wrong
    }
}

/// What a member of staff means to do, now or at a moment that they enter later.
pub(crate) fn intent(call: &Call, at: Option<Moment>) -> Intent {
    Intent {
        at,
        now: crate::clock::now(),
        by: By::Staff(call.by.proof),
        backdating_days: Some(call.state.settings.backdating_days),
    }
}

/// The member of staff of that username, to whom a step is given.
pub(crate) fn assignee(store: &Store, username: Option<&str>) -> Result<Option<UserId>, Problem> {
    Ok(store.read(|conn| views::assignees::find_assignee(conn, username))?)
}

/// The dossier that an address names: by its id or its case number.
pub(crate) fn resolve(store: &Store, text: &str) -> Result<DossierId, Problem> {
    match key(text)? {
        Key::Id(id) => Ok(id),
        Key::Number(number) => {
            let id = store.read_one(|conn| dossiers::find_id(conn, &number))?;
            id.ok_or_else(missing)
        }
    }
}

fn missing() -> Problem {
    Problem::not_found("không có hồ sơ này")
}

pub(crate) fn key(text: &str) -> Result<Key, Problem> {
    match text.parse() {
        Ok(id) => Ok(Key::Id(DossierId(id))),
        Err(_) => {
            let number = CaseNumber::parse(text).map_err(|_| missing())?;
            Ok(Key::Number(number))
        }
    }
}

pub async fn receive(
    call: Call,
    key: IdempotencyKey,
    body: Body<NewDossier>,
) -> Created<DossierView> {
    let at = body.value.moment();
    let intent = intent(&call, at);
    let key = key.of_staff("dossiers", &call.by, body.hash);
    let made = call.run(move |store, by, _| {
        let new = body.value.request("", &mut Vec::new());
        let made = acts::receive::receive(store, &new, intent, key)?;
        // What was made before may have moved out of reach since.
        let reach = made.before.then_some(by.unit);
        let view = views::dossier::view(store, made.value, Some(&by.reader()), reach, intent.now)?;
        Ok((view, made.before))
    });
    let (view, before) = made.await?;
    let address = format!("/api/v1/dossiers/{}", view.id);
    Ok(fresh_tagged(view).at(address).replayed(before))
}

impl Tagged for DossierView {
    fn tag(&self) -> String {
        version_tag(self.version)
    }
}

/// Up to 500 dossiers.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Batch {
    #[schema(value_type = Vec<NewDossier>)]
    dossiers: Vec<Apart<NewDossier>>,
}

const MOST_IN_BATCH: usize = 500;

impl Readable for Batch {
    const LIMIT: usize = 4 * 1024 * 1024;
    const VALUES: usize = 100_000;
    const APART: Option<&'static str> = Some("/dossiers");

    fn check(&self) -> Vec<FieldError> {
        if (1..=MOST_IN_BATCH).contains(&self.dossiers.len()) {
            return Vec::new();
        }
        let detail = format!("cần 1 đến {MOST_IN_BATCH} hồ sơ");
        vec![FieldError::new("/dossiers", detail)]
    }
}

/// What became of the dossiers of a batch, in their order.
#[derive(Serialize, ToSchema)]
pub struct BatchAnswer {
    /// How many were received.
    received: usize,
    results: Vec<BatchResult>,
}

/// What became of one dossier of a batch.
#[derive(Serialize, ToSchema)]
pub struct BatchResult {
    /// `received`, `invalid` or `refused`.
    #[schema(example = "received")]
    outcome: &'static str,
    id: Option<DossierId>,
    #[schema(example = "H37.20.01-210301-0001")]
    case_number: Option<String>,
    /// Wrong fields, up to 20, as JSON pointers into the whole body.
    errors: Vec<FieldError>,
    /// Which rule refused.
    reason: Option<String>,
    detail: Option<String>,
    /// With `reason` `needs_acceptance`: what `accept` of this dossier has to name.
    warnings: Vec<Warning>,
}

impl BatchResult {
    fn new(outcome: &'static str) -> Self {
        Self {
            outcome,
            id: None,
            case_number: None,
            errors: Vec::new(),
            reason: None,
            detail: None,
            warnings: Vec::new(),
        }
    }

    fn of(index: usize, outcome: BatchOutcome) -> Self {
        match outcome {
            BatchOutcome::Received { id, case_number } => Self {
                id: Some(id),
                case_number: Some(case_number),
                ..Self::new("received")
            },
            BatchOutcome::Invalid { errors } => Self {
                errors: errors
                    .into_iter()
                    .take(MOST_ERRORS)
                    .map(|(at, why)| FieldError::new(format!("/dossiers/{index}{at}"), why))
                    .collect(),
                ..Self::new("invalid")
            },
            BatchOutcome::Refused {
                reason,
                detail,
                warnings,
            } => Self {
                reason: Some(reason),
                detail: Some(detail),
                warnings,
                ..Self::new("refused")
            },
        }
    }
}

pub async fn receive_batch(
    call: Call,
    key: IdempotencyKey,
    body: Body<Batch>,
) -> Reply<BatchAnswer> {
    let key = key.of_staff("batches", &call.by, body.hash);
    let intent = intent(&call, None);
    let made = call.run(move |store, _, _| {
        let entries = body.value.dossiers.into_iter().map(|Apart(dossier)| {
            let mut wrong = Vec::new();
            let read = dossier.map(|dossier| {
                let at = dossier.moment();
                (dossier.request("", &mut wrong), at)
            });
            match read {
                Ok(read) if wrong.is_empty() => Ok(read),
                Ok(_) => Err(wrong),
                Err(wrong) => Err(wrong),
            }
            .map_err(|wrong| wrong.into_iter().map(|w| (w.field, w.detail)).collect())
        });
        let entries: Vec<BatchEntry> = entries.collect();
        Ok(acts::receive_many::receive_batch(
            store, entries, intent, key,
        )?)
    });
    let made = made.await?;
    let results = made.value.into_iter().enumerate();
    let results = results.map(|(i, outcome)| BatchResult::of(i, outcome));
    let results: Vec<_> = results.collect();
    let received = results.iter().filter(|result| result.id.is_some()).count();
    Ok(shown(BatchAnswer { received, results }).replayed(made.before))
}

pub async fn show(call: Call, if_none_match: IfNoneMatch) -> Reply<DossierView> {
    let key = key(&call.named::<String>()?)?;
    let found = call.run(move |store, by, now| {
        let reach = Some(by.unit);
        // Whoever's every reading is on record reads anew.
        if !if_none_match.is_empty() && !by.role.is_watched() {
            let seen = |version| if_none_match.fits(&version_tag(version));
            if let Some(version) = views::dossier::is_as_seen(store, &key, reach, seen, now)? {
                return Ok(Err(version));
            }
        }
        Ok(Ok(views::dossier::view(
            store,
            key,
            Some(&by.reader()),
            reach,
            now,
        )?))
    });
    Ok(match found.await? {
        Ok(view) => fresh_tagged(view),
        Err(version) => Answer::of(
            HttpResponse::NotModified()
                .insert_header(("ETag", version_tag(version)))
                .finish(),
        )
        .fresh(),
    })
}

pub async fn events(call: Call) -> Reply<Many<EventView>> {
    let dossier = call.named::<String>()?;
    let events = call.run(move |store, by, now| {
        let id = resolve(store, &dossier)?;
        views::dossier::opened(store, id, &by.reader(), now)?;
        Ok(views::dossier::events(store, id, Some(by.unit))?)
    });
    events.await.map(Many).map(fresh)
}

pub async fn identities(call: Call) -> Reply<Many<FullIdentity>> {
    let dossier = call.named::<String>()?;
    let identities = call.run(move |store, by, now| {
        let id = resolve(store, &dossier)?;
        Ok(views::dossier::read_identities(store, id, by.proof, now)?)
    });
    identities.await.map(Many).map(fresh)
}
