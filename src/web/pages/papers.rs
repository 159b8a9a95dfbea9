//! The papers of a dossier, as the browser prints them: the forms of the day of receipt, 01 to the stop on A5, the
//! control sheet on A4. The exact layouts of Thông tư 03/2025/TT-VPCP were not seen: titles and numbers are the norms'
//! (`config/norms.json`), what each bears is Thông tư 01/2018/TT-VPCP's.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use qrcode::QrCode;
use qrcode::render::svg;

use crate::acts;
use crate::domain::dossier::{Channel, Decision, Status};
use crate::domain::moment::Moment;
use crate::domain::norms::FormKind;
use crate::domain::role::Permission;
use crate::render::words;
use crate::views::course::{Course, HandedOn, Offices, Told};
use crate::views::dossier::{DossierView, ItemView};
use crate::web::api::call::Call;
use crate::web::api::dossiers::resolve;
use crate::web::pages::forms::Fields;
use crate::web::pages::{Frame, dossier, page, receive, see_other};
use crate::web::problem::{Kind, Problem};

/// A paper that there is of a dossier.
pub(crate) struct Sheet {
    kind: FormKind,
    pub slug: &'static str,
    /// `Mẫu số 01`, of the norms of the day of receipt; empty where they have no such form.
    pub number: String,
    pub title: String,
}

impl Sheet {
    /// Those that there are now.
    pub(crate) fn of(view: &DossierView, course: &Course) -> Vec<Self> {
        let happened = |kind: &str| course.told.iter().any(|told| told.kind == kind);
        // An apology that was taken back is none.
        let mut apologies = course.told.iter().rev().filter_map(|told| {
            let is_apology = told.kind == "reappointed";
            let taken_back = told.takes_back.as_deref() == Some("appointment");
            (is_apology || taken_back).then_some(is_apology)
        });
        let apologised = apologies.next().unwrap_or(false);
        let received = view.received_at.is_some();
        let refused = view.decision == Some(Decision::Refused);
        let all = [
            (FormKind::Receipt, "giay-tiep-nhan", received),
            (
                FormKind::Supplement,
                "phieu-bo-sung",
                happened("supplement_requested"),
            ),
            (
                FormKind::Refusal,
                "phieu-tu-choi",
                refused || view.status == Status::NotReceived,
            ),
            (FormKind::Apology, "xin-loi", apologised),
            (
                FormKind::Stop,
                "thong-bao-dung",
                view.status == Status::Stopped || (view.status == Status::Withdrawn && received),
            ),
            (FormKind::Control, "phieu-kiem-soat", received),
        ];
        let there = all.into_iter().filter(|(_, _, there)| *there);
        let sheets = there.map(|(kind, slug, _)| {
            let form = course.forms.iter().find(|form| form.form == kind);
            Self {
                kind,
                slug,
                number: form.map_or_else(String::new, |form| format!("Mẫu số {}", form.number)),
                title: form.map_or_else(
                    || "Thông báo dừng giải quyết hồ sơ".to_owned(),
                    |form| form.title.clone(),
                ),
            }
        });
        sheets.collect()
    }
}

/// What every paper has around it.
#[derive(Template)]
#[template(path = "paper.html", blocks = ["sheet"])]
struct PaperPage {
    frame: Frame,
    sheet: Sheet,
    view: DossierView,
    course: Course,
    /// Whose paper it is: of those of its day.
    offices: Offices,
    /// When it is printed.
    now: Moment,
    /// Who prints it.
    by: String,
    /// It may be printed once more.
    may_reprint: bool,
    /// The dossier was taken in a moment ago.
    fresh: bool,
    /// The QR code of the look-up, as SVG of our own.
    qr: String,
    /// What happened that the paper tells of.
    told: Option<Told>,
}

impl PaperPage {
    /// Where the result is fetched, or how it comes.
    fn where_returned(&self) -> String {
        match self.view.return_channel {
            Channel::Direct => format!("Tại {}", self.view.receiving_unit.name),
            Channel::Postal => "Qua bưu chính công ích".to_owned(),
            Channel::Online => "Bằng phương thức điện tử".to_owned(),
        }
    }

    /// What was promised before what the paper tells of.
    fn promised(&self) -> &Option<Moment> {
        self.told.as_ref().map_or(&None, |told| &told.promised)
    }

    /// The appointment that the paper makes.
    fn appointment(&self) -> &Option<Moment> {
        self.told.as_ref().map_or(&None, |told| &told.appointment)
    }

    fn is(&self, kind: &str) -> bool {
        kind == match self.sheet.kind {
            FormKind::Receipt => "receipt",
            FormKind::Supplement => "supplement",
            FormKind::Refusal => "refusal",
            FormKind::Apology => "apology",
            FormKind::Stop => "stop",
            FormKind::Control => "control",
            FormKind::Book => "book",
        }
    }

    fn moment(moment: &Moment) -> String {
        words::moment(*moment)
    }

    fn vnd(amount: &u64) -> String {
        receive::vnd(*amount)
    }

    fn or_dots(moment: &Option<Moment>) -> String {
        moment.map_or_else(|| "…………".to_owned(), words::moment)
    }

    /// `Ngày 14 tháng 9 năm 2021`.
    fn day(&self) -> String {
        let at = self.told.as_ref().map_or(self.now, |told| told.at);
        let at = match self.sheet.kind {
            FormKind::Receipt => self.view.received_at.unwrap_or(at),
            _ => at,
        };
        at.date().format("ngày %d tháng %m năm %Y").to_string()
    }

    /// Those handed in.
    fn handed_in(&self) -> Vec<String> {
        let listed = self.view.items.iter().map(|item| {
            let ItemView {
                name,
                originals_handed_in,
                copies_handed_in,
                ..
            } = item;
            (name, *originals_handed_in, *copies_handed_in)
        });
        let others = self.view.other_items.iter();
        let others =
            others.map(|item| (&item.name, item.originals_handed_in, item.copies_handed_in));
        let some = listed
            .chain(others)
            .filter(|(_, originals, copies)| originals + copies > 0);
        let some = some.map(|(name, originals, copies)| {
            let counts = [(originals, "bản chính"), (copies, "bản sao")];
            let counts = counts.into_iter().filter(|(count, _)| *count > 0);
            let counts: Vec<_> = counts
                .map(|(count, what)| format!("{count} {what}"))
                .collect();
            format!("{name} ({})", counts.join(", "))
        });
        some.collect()
    }

    fn limit(&self) -> Option<String> {
        let limit = self.view.limit.as_ref()?.limit().ok()?;
        Some(limit.to_string())
    }

    /// Of a hand-over: early, on time or overdue against the step's moment.
    fn judged(line: &HandedOn) -> &'static str {
        match line.due {
            None => "",
            Some(due) if line.at > due => "Quá hạn",
            Some(due) if line.at.date() < due.date() => "Trước hạn",
            Some(_) => "Đúng hạn",
        }
    }
}

/// A QR code, drawn in black.
pub(crate) fn qr(text: &str) -> String {
    let Ok(code) = QrCode::new(text) else {
        return String::new();
    };
    let mut svg = code.render::<svg::Color<'_>>();
    svg.min_dimensions(120, 120);
    let drawn = svg.build();
    // What stands before the element is for files of its own.
    let drawn = drawn.replace(" xmlns=\"http://www.w3.org/2000/svg\"", "");
    drawn
        .find("<svg")
        .map_or(String::new(), |at| drawn[at..].to_owned())
}

/// The paper of a dossier as it is printed; none if there is no such paper of it.
fn made(
    call: &Call,
    kind: FormKind,
    (view, course): (DossierView, Course),
    now: Moment,
    fresh: bool,
) -> Option<PaperPage> {
    let mut sheets = Sheet::of(&view, &course).into_iter();
    let sheet = sheets.find(|sheet| sheet.kind == kind)?;
    let tells: &[&str] = match kind {
        FormKind::Supplement => &["supplement_requested"],
        FormKind::Refusal => &["not_received", "finished"],
        FormKind::Apology => &["reappointed"],
        FormKind::Stop => &["stopped", "withdrawn"],
        _ => &[],
    };
    let mut told = course.told.iter().rev();
    let told = told
        .find(|told| tells.contains(&told.kind.as_str()))
        .cloned();
    let received = || course.told.iter().find(|told| told.kind == "received");
    let of = match kind {
        FormKind::Receipt => received(),
        _ => told.as_ref(),
    };
    let offices = of.map_or_else(|| Offices::of(&view), |told| told.offices.clone());
    let code = view.look_up_code.as_ref().map(|code| ("ma", code));
    let query: Vec<_> = std::iter::once(("so", &view.case_number))
        .chain(code)
        .collect();
    let query = serde_urlencoded::to_string(query).unwrap_or_default();
    let qr = qr(&format!("{}/tra-cuu?{query}", call.origin()));
    Some(PaperPage {
        frame: Frame::of(&call.by, "/ho-so"),
        // A receipt is signed by whoever took it in, whoever prints it.
        by: match course.told.iter().find(|told| told.kind == "received") {
            Some(told) if kind == FormKind::Receipt => told.by.clone(),
            _ => call.by.full_name.clone(),
        },
        offices,
        may_reprint: call.by.may(Permission::Annotate),
        fresh,
        sheet,
        view,
        course,
        now,
        qr,
        told,
    })
}

/// The papers of several dossiers in one page, each on its own sheet; and of which there is none.
pub(crate) async fn several(
    call: &Call,
    kind: FormKind,
    numbers: Vec<String>,
) -> Result<(Vec<String>, Vec<String>), Problem> {
    let read = call.run(move |store, by, now| {
        let reader = by.reader();
        let all = numbers.into_iter().map(|number| {
            let read = dossier::read(store, &number, &reader, now)?;
            Ok((number, read))
        });
        Ok((all.collect::<Result<Vec<_>, Problem>>()?, now))
    });
    let (all, now) = read.await?;
    let (mut sheets, mut without) = (Vec::with_capacity(all.len()), Vec::new());
    for (number, read) in all {
        match made(call, kind, read, now, false) {
            Some(paper) => {
                let html = paper.as_sheet().render();
                sheets.push(html.map_err(|error| Problem::new(Kind::Internal, error))?);
            }
            None => without.push(number),
        }
    }
    Ok((sheets, without))
}

async fn shown(call: Call, kind: FormKind, fields: Fields) -> Result<HttpResponse, Problem> {
    let named = call.named::<String>()?;
    let (read, now) = call
        .run(move |store, by, now| Ok((dossier::read(store, &named, &by.reader(), now)?, now)))
        .await?;
    let shown = made(&call, kind, read, now, fields.get("moi") == "1");
    let shown = shown.ok_or_else(|| Problem::not_found("hồ sơ này chưa có giấy đó"))?;
    page(StatusCode::OK, &shown)
}

/// `GET /ho-so/{dossier}/giay-tiep-nhan`.
pub async fn receipt(call: Call, fields: Fields) -> Result<HttpResponse, Problem> {
    shown(call, FormKind::Receipt, fields).await
}

/// `POST /ho-so/{dossier}/giay-tiep-nhan`: it is printed again, and says so.
pub async fn reprint_receipt(call: Call) -> Result<HttpResponse, Problem> {
    let named = call.named::<String>()?;
    let number = named.clone();
    call.run(move |store, by, now| {
        let id = resolve(store, &named)?;
        acts::reprint::reprint(store, id, FormKind::Receipt, by.proof, now)?;
        Ok(())
    })
    .await?;
    Ok(see_other(&format!("/ho-so/{number}/giay-tiep-nhan")).finish())
}

/// `GET /ho-so/{dossier}/phieu-bo-sung`.
pub async fn supplement(call: Call, fields: Fields) -> Result<HttpResponse, Problem> {
    shown(call, FormKind::Supplement, fields).await
}

/// `GET /ho-so/{dossier}/phieu-tu-choi`.
pub async fn refusal(call: Call, fields: Fields) -> Result<HttpResponse, Problem> {
    shown(call, FormKind::Refusal, fields).await
}

/// `GET /ho-so/{dossier}/xin-loi`.
pub async fn apology(call: Call, fields: Fields) -> Result<HttpResponse, Problem> {
    shown(call, FormKind::Apology, fields).await
}

/// `GET /ho-so/{dossier}/thong-bao-dung`.
pub async fn stop(call: Call, fields: Fields) -> Result<HttpResponse, Problem> {
    shown(call, FormKind::Stop, fields).await
}

/// `GET /ho-so/{dossier}/phieu-kiem-soat`.
pub async fn control(call: Call, fields: Fields) -> Result<HttpResponse, Problem> {
    shown(call, FormKind::Control, fields).await
}
