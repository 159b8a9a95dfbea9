//! `/tra-cuu`: a citizen follows a dossier, by the receipt's QR code or by number and look-up code, and says in the
//! end how satisfied they are. A form is answered without sending the browser elsewhere: an address with the code
//! comes into being only where its holder wants one.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

use crate::acts::rate::NewRating;
use crate::domain::dossier::Status;
use crate::domain::opinion::Rating;
use crate::domain::progress::{Progress, Stage};
use crate::domain::vietqr::BankAccount;
use crate::render::words;
use crate::views::look_up::{LookUp, LookUpFee, StageView};
use crate::web::access::Client;
use crate::web::api::call::Call;
use crate::web::pages::citizen::{Frame, again, can_be_mended};
use crate::web::pages::forms::{Choice, Field, Fields, FormPart};
use crate::web::pages::page;
use crate::web::pages::papers::qr;
use crate::web::problem::{FieldError, Kind, Problem};
use crate::{acts, views};

const PATH: &str = "/tra-cuu";

/// The fields: number, code, and of a rating the level and the comment.
const NUMBER: &str = "so";
const CODE: &str = "ma";
const LEVEL: &str = "muc";
const COMMENT: &str = "y_kien";

/// The most characters of a comment.
const MOST: u32 = 2000;

#[derive(Template)]
#[template(path = "citizen_look_up.html")]
struct FormPage {
    frame: Frame,
    form: FormPart,
}

#[derive(Template)]
#[template(path = "citizen_dossier.html")]
struct DossierPage {
    frame: Frame,
    /// Of the rating.
    form: FormPart,
    /// It has just been registered.
    new: bool,
    thanks: bool,
    /// It was rated before: what came now is not kept.
    rated_before: bool,
    /// What is promised now has passed.
    is_late: bool,
    /// When it was promised first, where that was moved with an apology.
    first_due: Option<String>,
    may_rate: bool,
    code: String,
    /// Where it can be seen again.
    address: String,
    stages: Vec<ShownStage>,
    amount: Option<String>,
    /// What is not paid yet, and not asked for now.
    owed: Vec<String>,
    transfer: Option<Transfer>,
    /// As they are called, and as they are written.
    phones: Vec<(String, String)>,
    history: Vec<(String, String)>,
    /// What was paid, and paid back.
    paid: Option<String>,
    found: LookUp,
}

/// What is owed of what goes on, or is to be fetched.
fn still_owed(found: &LookUp) -> Vec<String> {
    let asked_for = found.status == Status::PaymentRequested;
    let owed = found.fees.iter();
    let owed = owed.filter(|fee| !asked_for && !fee.settled && fee.sum_vnd != Some(0));
    let line = |fee: &LookUpFee| match fee.sum_vnd {
        Some(vnd) => format!("{}: {} đồng", fee.name, words::vnd_in_words(vnd)),
        None => format!("{}: {}", fee.name, words::UNKNOWN_FEE),
    };
    owed.map(line).collect()
}

/// What was paid for it, and paid back.
fn paid(found: &LookUp) -> Option<String> {
    let vnd = |vnd| format!("{} đồng", words::vnd_in_words(vnd));
    let back = match found.refunded_vnd {
        0 => String::new(),
        back => format!(", đã hoàn trả {}", vnd(back)),
    };
    (found.paid_vnd > 0).then(|| format!("{}{back}", vnd(found.paid_vnd)))
}

struct ShownStage {
    class: &'static str,
    name: &'static str,
    progress: &'static str,
    detail: String,
}

impl ShownStage {
    fn new(stage: &StageView, found: &LookUp) -> Self {
        let at = |what: &str| stage.at.map(|at| format!("{what} {}", words::moment(at)));
        let detail = match (stage.progress, stage.stage) {
            (Progress::Done, _) => at("Lúc"),
            (Progress::Now, Stage::Handling) => {
                let step = match found.status {
                    Status::Received => Some("Chờ chuyển đến người giải quyết".to_owned()),
                    _ => found.step.as_ref().map(|step| format!("Bước: {step}")),
                };
                let by = stage
                    .by
                    .map(|by| format!("Hẹn xong: {}", words::moment(by)));
                let both: Vec<_> = step.into_iter().chain(by).collect();
                Some(both.join(". "))
            }
            (Progress::Now, _) => at("Từ"),
            (Progress::Next, Stage::Handling) if found.paused => {
                Some("Tiếp tục khi việc trên đã xong".to_owned())
            }
            (Progress::Next, _) => None,
        };
        Self {
            class: stage.progress.as_str(),
            name: stage.name,
            progress: stage.progress_name,
            detail: detail.unwrap_or_default(),
        }
    }
}

fn number_and_code() -> FormPart {
    FormPart::new(vec![
        Field::text(NUMBER, "Mã hồ sơ")
            .hint("Trên giấy tiếp nhận, ví dụ H37.20.01-210301-0001.")
            .required(),
        Field::text(CODE, "Mã tra cứu")
            .hint("Mười chữ, trên giấy tiếp nhận; chữ hoa hay chữ thường đều được.")
            .required(),
    ])
}

fn rating() -> FormPart {
    let levels = (1..=5).rev().filter_map(Rating::new);
    let levels = levels.map(|rating| Choice::new(rating.level(), words::rating(rating)));
    FormPart::new(vec![
        Field::choice(LEVEL, "Mức độ hài lòng", levels.collect()),
        Field::area(COMMENT, "Ý kiến khác").hint("Không cần ghi họ tên, số điện thoại."),
    ])
}

/// `GET /tra-cuu`: the form, or the dossier if number and code are in the address; what others add to that does
/// not matter.
pub async fn show(call: Call<Client>, typed: Fields) -> Result<HttpResponse, Problem> {
    if typed.get(NUMBER).is_empty() && typed.get(CODE).is_empty() {
        let (frame, form) = (Frame::new(PATH), number_and_code());
        return page(StatusCode::OK, &FormPage { frame, form });
    }
    answer(&call, &typed).await
}

/// `POST /tra-cuu`.
pub async fn look_up(call: Call<Client>, typed: Fields) -> Result<HttpResponse, Problem> {
    answer(&call, &typed).await
}

async fn answer(call: &Call<Client>, typed: &Fields) -> Result<HttpResponse, Problem> {
    let problem = match find(call, typed).await {
        Ok(found) => {
            let shown = DossierPage::new(found, typed.get(CODE).to_owned(), account(call));
            let new = typed.find("moi").is_some();
            return page(StatusCode::OK, &DossierPage { new, ..shown });
        }
        Err(problem) if can_be_mended(&problem) => problem,
        Err(problem) => return Err(problem),
    };
    let form = number_and_code().typed(typed);
    let form = match problem.kind() {
        Kind::NotFound => form.wrong(
            CODE,
            "Không có hồ sơ nào có cả hai mã này. Xin so từng chữ với giấy tiếp nhận; mã tra cứu không phải số căn \
             cước hay số điện thoại."
                .to_owned(),
        ),
        _ => form.refused(&problem),
    };
    let frame = Frame::new(PATH).wrong(true);
    again(&problem, &FormPage { frame, form })
}

/// The dossier of number and code, limited against guessing as everywhere.
async fn find(call: &Call<Client>, typed: &Fields) -> Result<LookUp, Problem> {
    let mut missing = Vec::new();
    for (name, detail) in [(NUMBER, "nhập mã hồ sơ"), (CODE, "nhập mã tra cứu")] {
        if typed.typed(name).is_none() {
            missing.push(FieldError::new(name, detail));
        }
    }
    if !missing.is_empty() {
        return Err(Problem::invalid(missing));
    }
    let limits = call.state.settings.limits;
    let (number, code) = (typed.get(NUMBER).to_owned(), typed.get(CODE).to_owned());
    let found = call.run(move |store, by, now| {
        let address = by.address;
        let found = views::look_up::look_up_limited(store, &number, &code, address, limits, now)?;
        Ok(found)
    });
    found.await.map_err(|problem| match problem.errors() {
        // The one thing that can be wrong with it.
        [error] => Problem::invalid_field(NUMBER, &error.detail),
        _ => problem,
    })
}

/// Where fees are transferred to.
fn account(call: &Call<Client>) -> Option<&BankAccount> {
    call.state.settings.bank_account.as_ref()
}

/// How to transfer what is asked for.
struct Transfer {
    bank: String,
    account: String,
    purpose: String,
    svg: String,
}

impl Transfer {
    fn new(account: &BankAccount, amount_vnd: u64, purpose: &str) -> Option<Self> {
        let text = account.transfer_code(amount_vnd, purpose).ok()?;
        Some(Self {
            bank: account.bank().to_owned(),
            account: account.number().to_owned(),
            purpose: purpose.to_owned(),
            svg: qr(&text),
        })
    }
}

impl DossierPage {
    fn new(found: LookUp, code: String, account: Option<&BankAccount>) -> Self {
        let query = [(NUMBER, found.case_number.as_str()), (CODE, code.as_str())];
        let query = serde_urlencoded::to_string(query).unwrap_or_default();
        let stages = found.stages.iter();
        let history = found.history.iter();
        let amount = found.asked.as_ref().and_then(|asked| asked.amount_vnd);
        Self {
            frame: Frame::new(PATH),
            form: rating(),
            new: false,
            thanks: false,
            rated_before: false,
            is_late: found.overdue
                && found.status.is_open()
                && found
                    .appointment_at
                    .is_none_or(|anew| anew < crate::clock::now()),
            first_due: found
                .appointment_at
                .filter(|_| found.status.is_open())
                .and(found.due_at)
                .map(words::moment),
            may_rate: found.status == Status::Returned && found.rated_at.is_none(),
            address: format!("{PATH}?{query}"),
            stages: stages.map(|stage| ShownStage::new(stage, &found)).collect(),
            amount: amount.map(words::vnd_in_words),
            owed: still_owed(&found),
            paid: paid(&found),
            transfer: account
                .zip(amount.filter(|amount| *amount > 0))
                .and_then(|(account, amount)| Transfer::new(account, amount, &found.case_number)),
            phones: phones(found.desk.phone.as_deref()),
            history: history
                .map(|one| (words::moment(one.at), one.what.clone()))
                .collect(),
            code,
            found,
        }
    }
}

/// Each number of a desk as a telephone calls it, and as it is written.
fn phones(desk: Option<&str>) -> Vec<(String, String)> {
    let all = desk.unwrap_or_default().split(',').map(str::trim);
    let all = all.filter(|number| !number.is_empty());
    all.map(|shown| {
        let called = shown.chars().filter(|c| c.is_ascii_digit() || *c == '+');
        (called.collect(), shown.to_owned())
    })
    .collect()
}

/// `POST /tra-cuu/danh-gia`. Sent twice it is taken once; the second time it says that the first holds.
pub async fn rate(call: Call<Client>, typed: Fields) -> Result<HttpResponse, Problem> {
    let comment = typed.typed(COMMENT).map(str::to_owned);
    let level = typed.get(LEVEL).parse().ok().and_then(Rating::new);
    let too_long = |text: &String| text.chars().count() > MOST as usize;
    let rated = match level {
        _ if comment.as_ref().is_some_and(too_long) => {
            let detail = format!("dài quá {MOST} ký tự");
            Err(Problem::invalid_field(COMMENT, detail))
        }
        None => Err(Problem::invalid_field(LEVEL, "chọn một mức độ hài lòng")),
        Some(rating) => {
            let new = NewRating {
                case_number: typed.get(NUMBER).to_owned(),
                code: typed.get(CODE).to_owned(),
                rating,
                comment,
            };
            let limits = call.state.settings.limits;
            let rated = call.run(move |store, by, now| {
                let address = by.address;
                Ok(acts::rate::rate(store, new, address, limits, None, now)?)
            });
            rated.await.map(drop)
        }
    };
    // Whoever has not the code sees nothing here either.
    let Ok(found) = find(&call, &typed).await else {
        return answer(&call, &typed).await;
    };
    let shown = DossierPage::new(found, typed.get(CODE).to_owned(), account(&call));
    match rated {
        Err(problem) if problem.kind() != Kind::AlreadyRated => {
            if !can_be_mended(&problem) {
                return Err(problem);
            }
            let frame = Frame::new(PATH).wrong(true);
            let form = rating().typed(&typed).refused(&problem);
            again(
                &problem,
                &DossierPage {
                    frame,
                    form,
                    ..shown
                },
            )
        }
        rated => {
            let (thanks, rated_before) = (rated.is_ok(), rated.is_err());
            let shown = DossierPage {
                thanks,
                rated_before,
                ..shown
            };
            page(StatusCode::OK, &shown)
        }
    }
}
