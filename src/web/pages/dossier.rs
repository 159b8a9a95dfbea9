//! `/ho-so/{dossier}`: all of a dossier, and what may be done to it. Nothing else is offered.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use data_encoding::HEXLOWER;

use crate::acts::access::Caller;
use crate::domain::dossier::{ActionKind, Decision, Status};
use crate::domain::moment::Moment;
use crate::domain::role::Permission;
use crate::render::words;
use crate::store::Store;
use crate::views::course::{self, Course, Standing};
use crate::views::dossier::{DossierView, FeeStatus, FeeView, FullIdentity};
use crate::views::links::Linked;
use crate::views::reach::Reader;
use crate::views::seen::New;
use crate::web::api::call::Call;
use crate::web::api::dossiers::resolve;
use crate::web::body;
use crate::web::headers::IdempotencyKey;
use crate::web::pages::actions::slug;
use crate::web::pages::carried::Carried;
use crate::web::pages::forms::{Field, Fields, FormPart};
use crate::web::pages::links::LinksPart;
use crate::web::pages::papers::Sheet;
use crate::web::pages::receive::{asked_for, or_dash, vnd};
use crate::web::pages::{Frame, drafts, links, page};
use crate::web::problem::{Kind, Problem};
use crate::{acts, views};

const NOTE: &str = "note";

/// A sign that something is out of the ordinary: a shape and a word, in a colour.
pub(crate) struct Sign {
    pub kind: &'static str,
    pub shape: &'static str,
    pub word: &'static str,
}

impl Sign {
    /// That it is new to whoever has it in hand.
    pub(crate) const fn of_new(new: New) -> Self {
        let (kind, shape, word) = match new {
            New::ToMe => ("well", "●", "Chưa xem"),
            New::Changed => ("well", "◆", "Mới thay đổi"),
            New::ToHolder => ("wait", "○", "Người xử lý chưa xem"),
        };
        Self { kind, shape, word }
    }
}

/// The signs of a dossier.
pub(crate) fn signs(
    overdue: bool,
    paused: bool,
    appointment: Option<Moment>,
    reopened: bool,
) -> Vec<Sign> {
    let sign = |kind, shape, word| Sign { kind, shape, word };
    let all = [
        (overdue, sign("late", "▲", "Quá hạn")),
        (paused, sign("wait", "‖", "Tạm dừng")),
        (appointment.is_some(), sign("wait", "↻", "Đã hẹn lại")),
        (reopened, sign("wait", "↺", "Đã mở lại")),
    ];
    all.into_iter()
        .filter(|(is, _)| *is)
        .map(|(_, sign)| sign)
        .collect()
}

/// What may be done, as a link.
struct Offer {
    slug: &'static str,
    word: String,
    /// It is what comes next, and nothing else is before it.
    first: bool,
}

#[derive(Template)]
#[template(path = "dossier.html")]
struct DossierPage {
    frame: Frame,
    view: DossierView,
    course: Course,
    offers: Vec<Offer>,
    /// What was done a moment ago.
    done: Option<String>,
    /// The numbers in full, if their reading was asked for and recorded.
    identities: Vec<FullIdentity>,
    may_read_identity: bool,
    sheets: Vec<Sheet>,
    /// For a note.
    form: FormPart,
    /// The list that it was opened from.
    carried: Carried,
    links: LinksPart,
    may_note: bool,
}

impl DossierPage {
    fn signs(&self) -> Vec<Sign> {
        let view = &self.view;
        let reopened = self.course.told.iter().any(|told| told.kind == "undone");
        signs(view.overdue, view.paused, view.appointment_at, reopened)
    }

    /// Required papers of which nothing is written down, while it goes on: with what came online, or since it is of another
    /// procedure or case.
    fn missing_papers(&self) -> Option<String> {
        let items = self.view.items.iter();
        let missing = items.filter(|item| {
            item.required && item.originals_handed_in == 0 && item.copies_handed_in == 0
        });
        let missing: Vec<_> = missing.map(|item| item.name.as_str()).collect();
        (self.view.status.is_open() && !missing.is_empty()).then(|| missing.join("; "))
    }

    fn may_correct_papers(&self) -> bool {
        let mut allowed = self.view.allowed_actions.iter();
        allowed.any(|kind| *kind == ActionKind::CorrectPapers)
    }

    /// Where it was taken in, and who has that desk now.
    fn desk(&self) -> String {
        let mut told = self.course.told.iter();
        let received = told.find(|told| told.kind == "received");
        let (then, now) = (
            received.map(|told| &told.offices.desk),
            &self.view.receiving_unit.name,
        );
        match then {
            Some(then) if then != now => format!("{then} (nay là {now})"),
            _ => now.clone(),
        }
    }

    fn moment(moment: &Moment) -> String {
        words::moment(*moment)
    }

    fn or_dash(moment: &Option<Moment>) -> String {
        or_dash(*moment)
    }

    fn asked_for(item: &views::dossier::ItemView) -> String {
        asked_for(item.originals, item.copies, item.required)
    }

    fn fee(fee: &FeeView) -> String {
        let amount = fee
            .sum_vnd
            .map_or_else(|| "chưa rõ mức thu".to_owned(), vnd);
        let amount = match (fee.quantity, &fee.per) {
            _ if let Some(pages) = &fee.pages => format!("số trang từng bản: {pages}; {amount}"),
            (2.., Some(per)) => format!("{} {per}, {amount}", fee.quantity),
            _ => amount,
        };
        let how = match fee.status {
            FeeStatus::Free | FeeStatus::NotChosen => "không phải nộp".to_owned(),
            FeeStatus::FreeNow => "không phải nộp nữa".to_owned(),
            FeeStatus::Unknown | FeeStatus::Owed => "chưa nộp".to_owned(),
            FeeStatus::Collected => match &fee.receipt {
                Some(receipt) => format!("đã nộp, biên lai {receipt}"),
                None => "đã nộp".to_owned(),
            },
            FeeStatus::Waived => format!("được miễn: {}", fee.reason.as_deref().unwrap_or("")),
        };
        format!("{amount} – {how}")
    }

    fn vnd(amount: &u64) -> String {
        vnd(*amount)
    }

    /// What was paid back, and what is kept.
    fn paid_back(&self) -> Option<String> {
        let (back, paid) = (self.view.refunded_vnd, self.view.paid_vnd);
        (back > 0).then(|| {
            let kept = vnd(paid.saturating_sub(back));
            format!("{} trong {}, còn giữ {kept}", vnd(back), vnd(paid))
        })
    }

    fn how_returned(&self) -> &'static str {
        words::channel(self.view.return_channel)
    }

    /// What there is, or will be: how it ended, and whether in time.
    fn result(&self) -> String {
        let what = match (self.view.status, self.view.decision) {
            (Status::Stopped, _) => "dừng giải quyết",
            (Status::Withdrawn, _) => "người nộp rút hồ sơ",
            (Status::NotReceived, _) => "không tiếp nhận",
            (_, Some(Decision::Refused)) => "từ chối giải quyết",
            _ => &self.course.result,
        };
        match self.view.outcome {
            Some(outcome) => format!("{what} – {}", words::outcome(outcome).to_lowercase()),
            None => what.to_owned(),
        }
    }

    fn standing(standing: &Standing) -> (&'static str, &'static str) {
        match standing {
            Standing::Past => ("past", "đã xong"),
            Standing::Now => ("now", "đang làm"),
            Standing::Later => ("later", "chưa"),
            Standing::Skipped => ("later", "không thực hiện"),
        }
    }
}

/// A dossier within reach with its course.
pub(crate) fn read(
    store: &Store,
    dossier: &str,
    by: &Reader,
    now: Moment,
) -> Result<(DossierView, Course), Problem> {
    let id = resolve(store, dossier)?;
    let view = views::dossier::view(store, id, Some(by), Some(by.unit), now)?;
    let course = course::of(store, &view, by, now)?;
    Ok((view, course))
}

/// The same with the dossiers that belong to it.
fn read_all(
    store: &Store,
    dossier: &str,
    by: &Reader,
    now: Moment,
) -> Result<(DossierView, Course, Vec<Linked>), Problem> {
    let (view, course) = read(store, dossier, by, now)?;
    let linked = views::links::of(store, view.id, by)?;
    Ok((view, course, linked))
}

/// Notes that whoever has it in hand has seen it as it is now. That it cannot be noted keeps nobody from reading.
fn note_seen(store: &Store, view: &DossierView, by: &Caller, now: Moment) {
    let noted = views::seen::version(store, view.id, by.user).and_then(|seen| match seen {
        Some(seen) if seen >= view.version => Ok(()),
        _ => acts::see::see(store, view.id, view.version, by.proof, now),
    });
    if let Err(error) = noted {
        tracing::debug!(%error, "what was seen is not noted");
    }
}

/// The word of an action with a capital.
pub(crate) fn title(kind: ActionKind) -> String {
    let mut letters = kind.word().chars();
    let first = letters.next().map(|first| first.to_uppercase());
    first.into_iter().flatten().chain(letters).collect()
}

/// Whether it takes a dossier on towards its end, as most do.
const fn leads_on(kind: ActionKind) -> bool {
    matches!(
        kind,
        ActionKind::Receive
            | ActionKind::Reach
            | ActionKind::HandOver
            | ActionKind::TakeSupplement
            | ActionKind::TakePayment
            | ActionKind::Finish
            | ActionKind::Return
    )
}

/// What a page has beside the dossier itself.
pub(crate) struct Beside {
    pub form: FormPart,
    pub carried: Carried,
    pub done: Option<String>,
    pub identities: Vec<FullIdentity>,
    pub links: LinksPart,
}

impl Beside {
    fn new(carried: Carried, linked: Vec<Linked>) -> Self {
        Self {
            form: note_form(),
            carried,
            done: None,
            identities: Vec::new(),
            links: LinksPart::new(linked),
        }
    }
}

fn shown(
    call: &Call,
    view: DossierView,
    course: Course,
    beside: Beside,
) -> Result<HttpResponse, Problem> {
    let Beside {
        mut form,
        carried,
        done,
        identities,
        mut links,
    } = beside;
    // One summary on top for both forms.
    form.errors.append(&mut links.form.errors);
    let wrong = !form.errors.is_empty();
    let first = view.allowed_actions.iter().find(|kind| leads_on(**kind));
    let offers = view.allowed_actions.iter().filter_map(|kind| {
        Some(Offer {
            slug: slug(*kind)?,
            word: title(*kind),
            first: Some(kind) == first,
        })
    });
    let shown = DossierPage {
        frame: Frame::of(&call.by, "/ho-so").wrong(wrong),
        form,
        offers: offers.collect(),
        sheets: Sheet::of(&view, &course),
        may_note: call.by.may(Permission::Annotate),
        may_read_identity: call.by.may(Permission::ReadIdentity)
            && identities.is_empty()
            && view.applicant.identity_masked.is_some(),
        view,
        course,
        done,
        identities,
        carried,
        links,
    };
    let status = match wrong {
        true => StatusCode::BAD_REQUEST,
        false => StatusCode::OK,
    };
    page(status, &shown)
}

fn note_form() -> FormPart {
    let hint = "Chỉ cán bộ trong phạm vi hồ sơ đọc được; không in ra giấy. Không ghi số định danh.";
    FormPart::new(vec![
        Field::area(NOTE, "Ghi chú nội bộ").required().hint(hint),
    ])
}

/// `GET /ho-so/{dossier}`.
pub async fn show(call: Call, fields: Fields) -> Result<HttpResponse, Problem> {
    let dossier = call.named::<String>()?;
    let carried = Carried::read(&fields);
    let read = call.run(move |store, by, now| {
        let (view, course, linked) = read_all(store, &dossier, &by.reader(), now)?;
        let mine = view.assignee.as_ref();
        if mine.is_some_and(|staff| staff.username == by.username) {
            note_seen(store, &view, by, now);
        }
        // A list that is out of reach by now keeps nobody from the dossier.
        let carried = carried.at(store, view.id, by, now).unwrap_or_default();
        Ok((view, course, linked, carried))
    });
    let (view, course, linked, carried) = read.await?;
    let mut kinds = ActionKind::ALL.iter();
    let done = kinds.find(|kind| slug(**kind) == Some(fields.get("xong")));
    let done = done.map(|kind| match fields.typed("truoc") {
        Some(before) => format!(
            "Đã ghi nhận: {} hồ sơ {before}. Đây là hồ sơ tiếp theo.",
            kind.word()
        ),
        None => format!("Đã ghi nhận: {}.", kind.word()),
    });
    let notes = drafts::given(&call, &fields, &place_of_notes(&view.case_number)).await?;
    let links = drafts::given(&call, &fields, &links::place(&view.case_number)).await?;
    let mut beside = Beside {
        done,
        form: notes.over(note_form()),
        ..Beside::new(carried, linked)
    };
    beside.links.form = links.over(beside.links.form);
    shown(&call, view, course, beside)
}

/// Where the form of a note is sent to.
fn place_of_notes(case_number: &str) -> String {
    format!("/ho-so/{case_number}/ghi-chu")
}

/// `POST /ho-so/{dossier}/so-dinh-danh`: the identity numbers in full; the reading is recorded.
pub async fn read_identity(call: Call, fields: Fields) -> Result<HttpResponse, Problem> {
    let dossier = call.named::<String>()?;
    let read = call.run(move |store, by, now| {
        let id = resolve(store, &dossier)?;
        let identities = views::dossier::read_identities(store, id, by.proof, now)?;
        Ok((read_all(store, &dossier, &by.reader(), now)?, identities))
    });
    let ((view, course, linked), identities) = read.await?;
    let beside = Beside {
        identities,
        ..Beside::new(Carried::read(&fields), linked)
    };
    shown(&call, view, course, beside)
}

/// `POST /ho-so/{dossier}/ghi-chu`: a note for one's colleagues.
pub async fn note(call: Call, typed: Fields) -> Result<HttpResponse, Problem> {
    let dossier = call.named::<String>()?;
    let (named, text) = (dossier.clone(), typed.get(NOTE).to_owned());
    // The same form sent again is the same note.
    let hash = body::hash(text.as_bytes());
    let form = typed.get(drafts::KEY);
    let form = (!form.is_empty()).then(|| format!("{form}-{}", HEXLOWER.encode(&hash[..8])));
    let key = IdempotencyKey::of_form(&form.unwrap_or_default());
    let key = key.of_staff("notes", &call.by, hash);
    let noted = call.run(move |store, by, now| {
        let id = resolve(store, &named)?;
        Ok(acts::note::note(store, id, &text, key, by.proof, now)?)
    });
    let carried = Carried::read(&typed);
    match noted.await {
        Ok(()) => {
            drafts::taken(
                &call,
                &typed,
                &format!("/ho-so/{dossier}{}", carried.query()),
            )
            .await
        }
        Err(problem) if problem.kind() == Kind::InvalidRequest => {
            let read = call.run(move |store, by, now| read_all(store, &dossier, &by.reader(), now));
            let (view, course, linked) = read.await?;
            let form = note_form().typed(&typed).refused(&problem);
            let form = drafts::again(form, &typed, &place_of_notes(&view.case_number));
            let beside = Beside {
                form,
                ..Beside::new(carried, linked)
            };
            shown(&call, view, course, beside)
        }
        Err(problem) => Err(drafts::keep(&call, &typed, problem).await),
    }
}

/// The page once more, where a link was not taken.
pub(crate) async fn shown_again(
    call: &Call,
    dossier: String,
    carried: Carried,
    form: FormPart,
) -> Result<HttpResponse, Problem> {
    let read = call.run(move |store, by, now| read_all(store, &dossier, &by.reader(), now));
    let (view, course, linked) = read.await?;
    let mut links = LinksPart::new(linked);
    links.form = form;
    let beside = Beside {
        links,
        ..Beside::new(carried, Vec::new())
    };
    shown(call, view, course, beside)
}
