//! `/nop-ho-so`: submitting online without an account. The procedure and the unit are found by a few words, the form is
//! read as the API reads its bodies, and a code that is sent to the citizen confirms it; what they keep is the address of
//! the look-up.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use rand::Rng;
use sha2::{Digest, Sha256};

use crate::domain::dossier::Channel;
use crate::domain::ids::SubmissionId;
use crate::render::words;
use crate::store::dossiers;
use crate::store::outbox::Kind as Carrier;
use crate::views::online::{self, CaseTerms, Found, Terms, UnitOffer};
use crate::web::access::Client;
use crate::web::api::call::Call;
use crate::web::api::submissions::NewSubmission;
use crate::web::body;
use crate::web::headers::IdempotencyKey;
use crate::web::pages::citizen::{Frame, again, can_be_mended};
use crate::web::pages::forms::{Choice, Field, Fields, FormPart};
use crate::web::pages::{page, see_other};
use crate::web::problem::{Kind, Problem};
use crate::{acts, views};

const PATH: &str = "/nop-ho-so";

/// In the addresses: procedure, unit, what is searched for.
const PROCEDURE: &str = "thu_tuc";
const UNIT: &str = "don_vi";
const SEARCH: &str = "tim";

/// The key by which a form that is sent twice is one submission.
pub(super) const KEY: &str = "khoa";

const MISSING: &str = "không có hồ sơ chờ xác nhận này, hoặc đã hết hạn";

#[derive(Template)]
#[template(path = "citizen_submit.html")]
struct SubmitPage {
    frame: Frame,
    form: FormPart,
    /// A code can be sent by something.
    carried: bool,
    /// The code of the procedure, once it is chosen.
    procedure: Option<String>,
    found: Vec<Shown>,
    more: bool,
    /// What is asked for, once the unit is chosen too.
    terms: Option<Terms>,
}

impl SubmitPage {
    /// Behind what holds for the procedure, where cases have something of their own.
    fn unless_case(&self, terms: &Terms) -> &'static str {
        match terms.cases.iter().any(CaseTerms::differs) {
            true => " (khi trường hợp không nêu riêng)",
            false => "",
        }
    }
}

/// What may be chosen; without an address it can only be read.
pub(super) struct Shown {
    pub address: String,
    pub name: String,
    pub about: String,
}

/// Of which ended units an office does the work.
pub(super) fn instead_of(offer: &UnitOffer) -> String {
    match offer.instead_of.as_slice() {
        [] => String::new(),
        ended => format!("tiếp nhận việc của {}", ended.join(", ")),
    }
}

/// A key that nobody guesses.
pub(super) fn new_key() -> String {
    let bytes: [u8; 16] = rand::rng().random();
    data_encoding::HEXLOWER.encode(&bytes)
}

fn carried(call: &Call<Client>) -> (bool, bool) {
    let has = |kind| call.state.carried.contains(&kind);
    (has(Carrier::Sms), has(Carrier::Email))
}

/// `GET /nop-ho-so`: the procedure, then the unit, then the form.
pub async fn show(call: Call<Client>, typed: Fields) -> Result<HttpResponse, Problem> {
    let procedure = typed.typed(PROCEDURE).map(str::to_owned);
    let unit = typed.typed(UNIT).map(str::to_owned);
    let shown = match (procedure, unit) {
        (Some(procedure), Some(unit)) => {
            let terms =
                call.run(move |store, _, now| Ok(online::terms(store, &procedure, &unit, now)?));
            match terms.await {
                Ok(terms) => Ok(filled_in(&call, terms, &Fields::default())),
                Err(problem) => match error_of(&problem, "/unit") {
                    Some(error) => return another_unit(&call, &typed, &problem, error).await,
                    None => Err(problem),
                },
            }
        }
        (procedure, _) => choose(&call, procedure, &typed).await,
    };
    match shown {
        Ok(shown) => page(StatusCode::OK, &shown),
        Err(problem) if can_be_mended(&problem) => from_the_start(&call, &problem).await,
        Err(problem) => Err(problem),
    }
}

fn error_of(problem: &Problem, field: &str) -> Option<String> {
    let mut errors = problem.errors().iter();
    let error = errors.find(|error| error.field == field)?;
    Some(error.detail.clone())
}

/// The choice of the unit, with what is wrong with the one that was chosen: of one that has ended, who does its work.
async fn another_unit(
    call: &Call<Client>,
    typed: &Fields,
    problem: &Problem,
    error: String,
) -> Result<HttpResponse, Problem> {
    let mut search = Fields::default();
    search.set(SEARCH, typed.get(UNIT).to_owned());
    let mut shown = choose(call, typed.typed(PROCEDURE).map(str::to_owned), &search).await?;
    shown.form = shown.form.wrong(SEARCH, error);
    shown.frame.wrong = true;
    again(problem, &shown)
}

/// The choice of the procedure, with what is wrong with what was chosen before.
async fn from_the_start(call: &Call<Client>, problem: &Problem) -> Result<HttpResponse, Problem> {
    let mut shown = choose(call, None, &Fields::default()).await?;
    shown.form = shown.form.refused(problem);
    shown.frame.wrong = true;
    again(problem, &shown)
}

/// The choice of the procedure, or of the unit once it is chosen.
async fn choose(
    call: &Call<Client>,
    procedure: Option<String>,
    typed: &Fields,
) -> Result<SubmitPage, Problem> {
    let (label, hint) = match procedure {
        None => (
            "Ông/bà cần làm thủ tục gì?",
            "Vài chữ trong tên thủ tục, có dấu hay không dấu đều được: chung thuc, ho tich.",
        ),
        Some(_) => (
            "Nộp tới đâu?",
            "Vài chữ trong tên xã, phường hoặc cơ quan, có dấu hay không dấu đều được.",
        ),
    };
    let field = Field::text(SEARCH, label).hint(hint).required();
    let (text, code) = (typed.get(SEARCH).to_owned(), procedure.clone());
    let found = call.run(move |store, _, now| {
        let day = now.date();
        let address = |pairs: &[(&str, &str)]| {
            let query = serde_urlencoded::to_string(pairs).unwrap_or_default();
            format!("{PATH}?{query}")
        };
        Ok(match code {
            None => {
                let Found { items, more } = online::procedures(store, &text, day)?;
                let items = items.into_iter().map(|offer| Shown {
                    address: match offer.online {
                        true => address(&[(PROCEDURE, &offer.code)]),
                        false => String::new(),
                    },
                    name: offer.name,
                    about: match offer.online {
                        true => offer.field,
                        false => format!("{}: chỉ nộp trực tiếp hoặc qua bưu chính", offer.field),
                    },
                });
                (items.collect(), more)
            }
            Some(code) => {
                let Found { items, more } = online::units(store, Some(&code), &text, day)?;
                let items = items.into_iter().map(|offer| Shown {
                    address: address(&[(PROCEDURE, &code), (UNIT, &offer.unit.code)]),
                    about: instead_of(&offer),
                    name: offer.unit.name,
                });
                (items.collect(), more)
            }
        })
    });
    let (found, more): (Vec<Shown>, bool) = found.await?;
    let (sms, email) = carried(call);
    Ok(SubmitPage {
        frame: Frame::new(PATH),
        form: FormPart::new(vec![field]).typed(typed),
        carried: sms || email,
        procedure,
        found,
        more,
        terms: None,
    })
}

/// The form of a procedure at a unit.
fn filled_in(call: &Call<Client>, terms: Terms, typed: &Fields) -> SubmitPage {
    let (sms, email_carried) = carried(call);
    let mut fields = vec![
        Field::hidden(KEY, new_key()),
        Field::text("unit", "").value(&terms.unit.code),
        Field::text("procedure", "").value(&terms.procedure.code),
    ];
    // They are known already: kept in the form, and shown above it.
    for field in &mut fields {
        field.kind = "hidden";
    }
    if !terms.cases.is_empty() {
        let mut cases = vec![Choice::new("", "Chưa rõ")];
        let known = terms.cases.iter();
        cases.extend(known.map(|case| Choice::new(&case.code, case.name.clone())));
        let mut field = Field::choice("case", "Trường hợp", cases);
        field.required = false;
        fields.push(field);
    }
    let told = match (sms, email_carried) {
        (true, true) => (
            "Để nhận mã xác nhận, nếu không có thư điện tử.",
            "Để nhận mã xác nhận và tin về hồ sơ.",
        ),
        (true, false) => ("Để nhận mã xác nhận và tin về hồ sơ.", ""),
        (false, true) => (
            "Để cán bộ gọi khi cần.",
            "Cần có: mã xác nhận và tin về hồ sơ chỉ gửi được qua thư điện tử.",
        ),
        (false, false) => ("", ""),
    };
    let channels = [
        (Channel::Direct, "Đến nhận tại một cửa"),
        (Channel::Postal, "Qua bưu chính công ích"),
        (Channel::Online, "Trực tuyến"),
    ];
    let channels = channels.map(|(channel, name)| Choice::new(channel.as_str(), name));
    let email = Field::text("applicant/email", "Thư điện tử").hint(told.1);
    let email = match (sms, email_carried) {
        (false, true) => email.required(),
        _ => email,
    };
    fields.extend([
        Field::text("applicant/name", "Họ và tên, hoặc tên tổ chức").required(),
        Field::text("applicant/identity_number", "Số căn cước")
            .hint("12 chữ số; chứng minh nhân dân cũ: 9 chữ số; hoặc số hộ chiếu."),
        Field::text("applicant/tax_code", "Mã số thuế")
            .hint("Nếu nộp cho tổ chức, thay cho số căn cước."),
        Field::phone("applicant/phone", "Số điện thoại").hint(told.0),
        email,
        Field::text("applicant/address", "Địa chỉ"),
        Field::choice("return_channel", "Nhận kết quả", channels.to_vec()),
    ]);
    SubmitPage {
        frame: Frame::new(PATH),
        form: FormPart::new(fields).typed(typed),
        carried: sms || email_carried,
        procedure: Some(terms.procedure.code.clone()),
        found: Vec::new(),
        more: false,
        terms: Some(terms),
    }
}

/// `POST /nop-ho-so`: what was filled in, judged as what the API is sent. A second click is the same submission.
pub async fn submit(call: Call<Client>, typed: Fields) -> Result<HttpResponse, Problem> {
    let (procedure, unit) = (
        typed.get("procedure").to_owned(),
        typed.get("unit").to_owned(),
    );
    let terms = call.run(move |store, _, now| Ok(online::terms(store, &procedure, &unit, now)?));
    let terms = match terms.await {
        Ok(terms) => terms,
        Err(problem) if can_be_mended(&problem) => return from_the_start(&call, &problem).await,
        Err(problem) => return Err(problem),
    };
    let mut shown = filled_in(&call, terms, &typed);
    let mut sent = send(&call, &shown.form, typed.get(KEY)).await;
    if matches!(&sent, Err(problem) if problem.kind() == Kind::KeyReused) {
        // Gone back to, and changed: another submission.
        sent = send(&call, &shown.form, &new_key()).await;
    }
    let problem = match sent {
        Ok(id) => return Ok(see_other(&format!("{PATH}/{id}")).finish()),
        Err(problem) if can_be_mended(&problem) => problem,
        Err(problem) => return Err(problem),
    };
    let no_contact = error_of(&problem, "/applicant");
    let (sms, _) = carried(&call);
    let field = if sms {
        "applicant/phone"
    } else {
        "applicant/email"
    };
    shown.form = match no_contact {
        Some(error) => shown.form.wrong(field, error),
        None => shown.form.refused(&problem),
    };
    shown.frame.wrong = true;
    again(&problem, &shown)
}

async fn send(call: &Call<Client>, form: &FormPart, key: &str) -> Result<SubmissionId, Problem> {
    let bytes = serde_json::to_vec(&form.body()).unwrap_or_default();
    let new = body::read::<NewSubmission>(&bytes)?.request(&mut Vec::new());
    let key =
        IdempotencyKey::of_form(key).of_public("submissions", Sha256::digest(&bytes).to_vec());
    let (limits, carried) = (call.state.settings.limits, call.state.carried.clone());
    let made = call.run(move |store, by, now| {
        let address = by.address;
        Ok(acts::submit::submit(
            store, &new, &carried, address, limits, key, now,
        )?)
    });
    Ok(made.await?.value.id)
}

#[derive(Template)]
#[template(path = "citizen_code.html")]
struct CodePage {
    frame: Frame,
    form: FormPart,
    id: String,
    /// It is no more.
    gone: bool,
    sent: Option<Sent>,
}

/// Where the code went.
struct Sent {
    by: &'static str,
    to: String,
    until: String,
}

fn code_form() -> FormPart {
    let field = Field::phone("code", "Mã xác nhận")
        .hint("Sáu chữ số.")
        .required();
    FormPart::new(vec![field])
}

impl CodePage {
    fn gone() -> Self {
        Self {
            frame: Frame::new(PATH),
            form: FormPart::default(),
            id: String::new(),
            gone: true,
            sent: None,
        }
    }
}

async fn waiting(call: &Call<Client>, id: SubmissionId) -> Result<CodePage, Problem> {
    let (limits, carried) = (call.state.settings.limits, call.state.carried.clone());
    let waiting = call.run(move |store, by, now| {
        let address = by.address;
        Ok(acts::submit::waiting(
            store, id, &carried, address, limits, now,
        )?)
    });
    let sent = waiting.await?.map(|waiting| Sent {
        by: match waiting.sent_by == Carrier::Email.as_str() {
            true => "thư điện tử",
            false => "tin nhắn",
        },
        to: waiting.sent_to,
        until: words::moment(waiting.expires_at),
    });
    Ok(CodePage {
        frame: Frame::new(PATH),
        form: code_form(),
        id: id.to_string(),
        gone: false,
        sent,
    })
}

/// `GET /nop-ho-so/{submission}`: asks for the code.
pub async fn ask_code(call: Call<Client>) -> Result<HttpResponse, Problem> {
    let shown = match call.id(SubmissionId, MISSING) {
        Ok(id) => waiting(&call, id).await,
        Err(problem) => Err(problem),
    };
    match shown {
        Ok(shown) => page(StatusCode::OK, &shown),
        Err(problem) if problem.kind() == Kind::NotFound => again(&problem, &CodePage::gone()),
        Err(problem) => Err(problem),
    }
}

/// `POST /nop-ho-so/{submission}`: the code; from here on the look-up is what the citizen keeps.
pub async fn confirm(call: Call<Client>, typed: Fields) -> Result<HttpResponse, Problem> {
    let id = match call.id(SubmissionId, MISSING) {
        Ok(id) => id,
        Err(problem) => return again(&problem, &CodePage::gone()),
    };
    let limits = call.state.settings.limits;
    let code = typed.get("code").to_owned();
    let confirmed = call.run(move |store, by, now| {
        let dossier = acts::submit::confirm(store, id, &code, by.address, limits, now)?;
        let number = store.read(|conn| dossiers::case_number(conn, dossier))?;
        let number = number.ok_or_else(|| Problem::not_found(MISSING))?;
        Ok((number, views::look_up::look_up_code(store, dossier)?))
    });
    let problem = match confirmed.await {
        Ok((number, code)) => {
            let query = [("so", number.as_str()), ("ma", &code), ("moi", "1")];
            let query = serde_urlencoded::to_string(query).unwrap_or_default();
            return Ok(see_other(&format!("/tra-cuu?{query}")).finish());
        }
        Err(problem) if problem.kind() == Kind::NotFound => {
            return again(&problem, &CodePage::gone());
        }
        Err(problem) if can_be_mended(&problem) => problem,
        Err(problem) => return Err(problem),
    };
    // The last wrong code was one too many.
    let mut shown = match waiting(&call, id).await {
        Ok(shown) => shown,
        Err(gone) if gone.kind() == Kind::NotFound => return again(&gone, &CodePage::gone()),
        Err(other) => return Err(other),
    };
    shown.form = shown.form.typed(&typed).refused(&problem);
    shown.frame.wrong = true;
    again(&problem, &shown)
}
