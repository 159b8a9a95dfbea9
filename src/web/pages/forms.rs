//! Forms: what was typed, the fields as a page shows them, and what is wrong with them. What was typed stays.
//!
//! A field's name is the place of its value in the API's body (`applicant/phone` for `/applicant/phone`), so a form
//! is read and judged by what reads and judges the API's bodies, and an error finds its field.

use actix_web::{FromRequest, HttpRequest, dev};
use chrono::{NaiveDate, NaiveDateTime};
use serde_json::{Map, Value, json};

use crate::domain::moment::Moment;
use crate::domain::text::{self, clean};
use crate::render::words;
use crate::web::api::answers::Tagged;
use crate::web::pages::{read_form, read_form_up_to};
use crate::web::params::{Expected, NO_SUCH};
use crate::web::problem::{Kind, Problem};
use crate::wrong_fields::{MISSING, ONE_OF};

/// What came with a form, or in the query of a page: names and what was typed, cleaned but for passwords.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fields(Vec<(String, String)>);

impl Fields {
    /// # Errors
    /// If it is no UTF-8, or holds what no database keeps.
    pub(crate) fn read(text: &str) -> Result<Self, Problem> {
        let no_text = || Problem::new(Kind::NotUtf8, "biểu mẫu không phải UTF-8");
        let pairs: Vec<(String, String)> =
            serde_urlencoded::from_str(text).map_err(|_| no_text())?;
        let mut fields = Vec::with_capacity(pairs.len());
        for (name, value) in pairs {
            // Decoding puts the first in the place of what is no UTF-8.
            if value.contains(['\u{fffd}', '\0']) {
                return Err(no_text());
            }
            let value = match name.contains("password") {
                true => value,
                false => clean(&value).into_owned(),
            };
            fields.push((name, value));
        }
        Ok(Self(fields))
    }

    /// What was typed there; nothing if the form has no such field.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.find(name).unwrap_or_default()
    }

    pub(crate) fn find(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The same without what is around it; none if nothing is.
    pub(crate) fn typed(&self, name: &str) -> Option<&str> {
        Some(self.get(name).trim()).filter(|text| !text.is_empty())
    }

    /// The day that was typed there, however it is written; `Some(None)` if it is none.
    pub(crate) fn day(&self, name: &str) -> Option<Option<NaiveDate>> {
        self.typed(name).map(text::read_date)
    }

    /// Everything of that name.
    pub(crate) fn all(&self, name: &str) -> Vec<String> {
        let all = self.0.iter().filter(|(known, _)| known == name);
        all.map(|(_, value)| value.clone()).collect()
    }

    /// With another value there.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<String>) {
        self.0.retain(|(known, _)| known != name);
        self.0.push((name.to_owned(), value.into()));
    }

    pub(crate) const fn of(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }

    /// All of it: names and values.
    pub(crate) fn pairs(&self) -> &[(String, String)] {
        &self.0
    }

    /// Without what stands under a name: `items/0/originals` under `items`.
    pub(crate) fn drop_under(&mut self, place: &str) {
        let under = |name: &str| {
            let rest = name.strip_prefix(place);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.0.retain(|(name, _)| !under(name));
    }

    /// All of it, but for what has one of these names.
    pub(crate) fn without(&self, names: &[&str]) -> Vec<(String, String)> {
        let kept = self.0.iter();
        let kept = kept.filter(|(name, _)| !names.contains(&name.as_str()));
        kept.cloned().collect()
    }

    /// With these values there, and no others.
    pub(crate) fn put(&mut self, name: &str, values: Vec<String>) {
        self.0.retain(|(known, _)| known != name);
        let values = values.into_iter().map(|value| (name.to_owned(), value));
        self.0.extend(values);
    }

    /// As the query of an address, without these names and without what is empty.
    pub(crate) fn query_without(&self, names: &[&str]) -> String {
        let kept = self.0.iter();
        let kept =
            kept.filter(|(name, value)| !names.contains(&name.as_str()) && !value.is_empty());
        serde_urlencoded::to_string(kept.collect::<Vec<_>>()).unwrap_or_default()
    }
}

impl FromRequest for Fields {
    type Error = Problem;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            match request.method().is_safe() {
                true => Self::read(request.query_string()),
                false => Self::read(&read_form(&request, payload).await?),
            }
        })
    }
}

/// The same of a form in which whole definitions are pasted: percent-encoded, a letter with its marks takes nine bytes.
pub(crate) struct LargeFields(pub(crate) Fields);

const LARGE: usize = 1024 * 1024;

impl FromRequest for LargeFields {
    type Error = Problem;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let text = read_form_up_to(&request, payload, LARGE).await?;
            Ok(Self(Fields::read(&text)?))
        })
    }
}

/// The field of the tag of what a form shows.
pub(crate) const TAG: &str = "tag";

/// A tag as it stands in a form.
pub(crate) fn form_tag(of: &impl Tagged) -> String {
    of.tag().trim_matches('"').to_owned()
}

/// How what was typed stands in a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reads {
    /// Nowhere: it is the page's own.
    Nowhere,
    Text,
    Number,
    /// A day, as browsers' fields have it or as people write it.
    Date,
    /// Civil time in Vietnam.
    Moment,
    Texts,
    Numbers,
    Papers,
}

/// One of several.
#[derive(Debug, Clone)]
pub(crate) struct Choice {
    pub value: String,
    pub label: String,
}

impl Choice {
    pub(crate) fn new(value: impl ToString, label: impl Into<String>) -> Self {
        Self {
            value: value.to_string(),
            label: label.into(),
        }
    }
}

/// A paper of a checklist, with how many of it are handed in.
#[derive(Debug, Clone)]
pub(crate) struct PaperRow {
    pub position: u16,
    pub name: String,
    /// What is asked for.
    pub about: String,
    /// Originals and copies of that.
    pub asked: (u16, u16),
    pub originals: String,
    pub copies: String,
}

impl PaperRow {
    /// The names of its two fields in the form's field of that name.
    fn names(&self, field: &str) -> [String; 2] {
        ["originals", "copies"].map(|part| format!("{field}/{}/{part}", self.position))
    }
}

/// The hidden field that keeps how a form was shown: what has been touched is known by it.
const WAS: &str = "was";

/// A field as a page shows it.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub kind: &'static str,
    pub name: String,
    pub label: String,
    pub hint: String,
    pub value: String,
    /// Of what may be several.
    pub values: Vec<String>,
    pub choices: Vec<Choice>,
    pub papers: Vec<PaperRow>,
    pub wrong: Option<String>,
    /// What it is now, where somebody else has changed it while this was typed.
    pub meanwhile: Option<String>,
    pub required: bool,
    pub focus: bool,
    autocomplete: &'static str,
    reads: Reads,
}

impl Field {
    fn new(kind: &'static str, name: &str, label: &str, reads: Reads) -> Self {
        Self {
            kind,
            name: name.to_owned(),
            label: label.to_owned(),
            hint: String::new(),
            value: String::new(),
            values: Vec::new(),
            choices: Vec::new(),
            papers: Vec::new(),
            wrong: None,
            meanwhile: None,
            required: false,
            focus: false,
            autocomplete: "off",
            reads,
        }
    }

    pub(crate) fn text(name: &str, label: &str) -> Self {
        Self::new("text", name, label, Reads::Text)
    }

    pub(crate) fn phone(name: &str, label: &str) -> Self {
        Self::new("tel", name, label, Reads::Text)
    }

    pub(crate) fn password(name: &str, label: &str, autocomplete: &'static str) -> Self {
        let field = Self::new("password", name, label, Reads::Nowhere);
        Self {
            autocomplete,
            ..field
        }
    }

    pub(crate) fn area(name: &str, label: &str) -> Self {
        Self::new("area", name, label, Reads::Text)
    }

    pub(crate) fn number(name: &str, label: &str) -> Self {
        Self::new("number", name, label, Reads::Number)
    }

    pub(crate) fn moment(name: &str, label: &str) -> Self {
        Self::new("datetime-local", name, label, Reads::Moment)
    }

    pub(crate) fn date(name: &str, label: &str) -> Self {
        Self::new("date", name, label, Reads::Date)
    }

    pub(crate) fn choice(name: &str, label: &str, choices: Vec<Choice>) -> Self {
        let field = Self::new("choice", name, label, Reads::Text).required();
        Self { choices, ..field }
    }

    /// One of several, for the page itself: it stands in no body, and nobody need choose.
    pub(crate) fn page_choice(name: &str, label: &str, choices: Vec<Choice>) -> Self {
        let field = Self::new("choice", name, label, Reads::Nowhere);
        Self { choices, ..field }
    }

    /// Any number of them.
    pub(crate) fn ticks(name: &str, label: &str, choices: Vec<Choice>) -> Self {
        let field = Self::new("ticks", name, label, Reads::Texts);
        Self { choices, ..field }
    }

    /// The same, of numbers.
    pub(crate) fn numbers(name: &str, label: &str, choices: Vec<Choice>) -> Self {
        let field = Self::new("ticks", name, label, Reads::Numbers);
        Self { choices, ..field }
    }

    pub(crate) fn papers(name: &str, label: &str, papers: Vec<PaperRow>) -> Self {
        let field = Self::new("papers", name, label, Reads::Papers);
        Self { papers, ..field }
    }

    pub(crate) fn hidden(name: &str, value: impl ToString) -> Self {
        Self::new("hidden", name, "", Reads::Nowhere).value(value)
    }

    /// The tag of what the form shows ([`TAG`]), so that nobody overwrites what they have not seen.
    pub(crate) fn tag(of: &impl Tagged) -> Self {
        Self::hidden(TAG, form_tag(of))
    }

    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    #[must_use]
    pub(crate) fn value(mut self, value: impl ToString) -> Self {
        self.value = value.to_string();
        self
    }

    #[must_use]
    pub(crate) const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Whether people see it and may write in it, and what they wrote comes back.
    fn is_for_people(&self) -> bool {
        !matches!(self.kind, "hidden" | "password")
    }

    /// Whether nothing stands where something must, and nothing is said of it. What a password was is not kept.
    fn is_missing(&self) -> bool {
        let typed = ["text", "area", "number", "datetime-local"].contains(&self.kind);
        typed && self.required && self.wrong.is_none() && self.value.trim().is_empty()
    }

    /// No part of the body: the page reads it by itself.
    #[must_use]
    pub(crate) const fn nowhere(mut self) -> Self {
        self.reads = Reads::Nowhere;
        self
    }

    /// Read as a number, though it looks otherwise.
    #[must_use]
    pub(crate) const fn numeric(mut self) -> Self {
        self.reads = Reads::Number;
        self
    }

    /// With what was typed.
    #[must_use]
    pub(crate) fn typed(mut self, fields: &Fields) -> Self {
        if self.kind == "password" {
            return self;
        }
        if let Some(value) = fields.find(&self.name)
            && self.kind != "tick"
        {
            // A browser's field of a day shows this form only.
            let day = match self.kind {
                "date" => text::read_date(value),
                _ => None,
            };
            self.value = day.map_or_else(|| value.to_owned(), |day| day.to_string());
        }
        self.values = fields.all(&self.name);
        let name = &self.name;
        for paper in &mut self.papers {
            let names = paper.names(name);
            let values = [&mut paper.originals, &mut paper.copies];
            for (place, value) in names.iter().zip(values) {
                if let Some(typed) = fields.find(place) {
                    typed.clone_into(value);
                }
            }
        }
        self
    }

    /// What it holds, in words.
    fn shown(&self) -> String {
        let mut choices = self.choices.iter();
        let chosen = choices.find(|choice| choice.value == self.value);
        let text = chosen.map_or(self.value.as_str(), |choice| choice.label.as_str());
        match text.trim() {
            "" => "để trống".to_owned(),
            text => text.to_owned(),
        }
    }

    /// Whether that is ticked.
    pub(crate) fn holds(&self, value: &str) -> bool {
        self.values.iter().any(|held| held == value)
    }

    /// The attributes of its element that say what it takes. What was typed is no part of them.
    pub(crate) fn attributes(&self) -> String {
        // No longest length: browsers would cut off what is pasted without a word.
        let digits = match self.kind {
            "number" => " inputmode=\"numeric\" min=\"0\"",
            _ => "",
        };
        format!("{digits} autocomplete=\"{}\"", self.autocomplete)
    }

    /// The attributes that name what is said about it.
    pub(crate) fn described(&self) -> String {
        let hint = (!self.hint.is_empty()).then(|| format!("{}-hint", self.name));
        let meanwhile = self
            .meanwhile
            .as_ref()
            .map(|_| format!("{}-now", self.name));
        let wrong = self.wrong.as_ref().map(|_| format!("{}-error", self.name));
        let said: Vec<_> = hint.into_iter().chain(meanwhile).chain(wrong).collect();
        let described = match said.is_empty() {
            true => String::new(),
            false => format!(" aria-describedby=\"{}\"", said.join(" ")),
        };
        match self.wrong {
            Some(_) => described + " aria-invalid=\"true\"",
            None => described,
        }
    }

    /// The moment that was typed, if it can be read.
    pub(crate) fn moment_of(&self) -> Option<Moment> {
        instant(self.value.trim()).parse().ok()
    }

    /// As it stands in a body; none if nothing was typed and nothing need be.
    fn json(&self) -> Option<Value> {
        let text = self.value.trim();
        let number = |text: &str| match text::read_number(text) {
            Some(number) => json!(number),
            // It is named as wrong by whoever reads the body.
            None => json!(text),
        };
        match self.reads {
            Reads::Nowhere => None,
            Reads::Text => (!text.is_empty() || self.required).then(|| json!(text)),
            Reads::Number => (!text.is_empty()).then(|| number(text)),
            Reads::Date => (!text.is_empty() || self.required).then(|| {
                let read = text::read_date(text);
                json!(read.map_or_else(|| text.to_owned(), |day| day.to_string()))
            }),
            Reads::Moment => (!text.is_empty()).then(|| json!(instant(text))),
            Reads::Texts => Some(json!(self.values)),
            Reads::Numbers => Some(self.values.iter().map(|text| number(text)).collect()),
            Reads::Papers => {
                let count = |text: &str| match text.trim() {
                    "" => json!(0),
                    text => number(text),
                };
                let papers = self.papers.iter().map(|paper| {
                    let (originals, copies) = (count(&paper.originals), count(&paper.copies));
                    json!({"position": paper.position, "originals": originals, "copies": copies})
                });
                let some = |paper: &Value| paper["originals"] != 0 || paper["copies"] != 0;
                Some(papers.filter(some).collect())
            }
        }
    }
}

/// A moment as a browser's field has it, as the API reads it; all else stays, to be read or named as wrong.
fn instant(text: &str) -> String {
    let forms = [
        "%Y-%m-%dT%H:%M",
        "%Y-%m-%dT%H:%M:%S",
        "%Y-%m-%d %H:%M",
        "%Y-%m-%d %H:%M:%S",
    ]
    .into_iter();
    let mut read = forms.filter_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
    let read = read.next().map(Moment::from_civil);
    let read = read.or_else(|| Moment::parse(text).ok());
    read.map_or_else(|| text.to_owned(), |moment| moment.to_string())
}

/// What is wrong, as the summary on top says it.
#[derive(Debug, Clone)]
pub(crate) struct Wrong {
    /// The field to go to.
    pub target: Option<String>,
    pub text: String,
}

/// What a page says of a form that is kept while it is typed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Keeping {
    /// Where the form is found again, as it was kept.
    pub address: String,
    /// What it shows was typed, and is not kept yet.
    pub unsaved: bool,
    /// When what it shows was kept.
    pub saved: Option<String>,
    /// What the address named was sent already.
    pub sent: bool,
    /// Drafts of the same form that whoever looks has begun: where each is, and of what.
    pub others: Vec<(String, String)>,
}

/// A form with what is wrong with it.
#[derive(Debug, Clone, Default)]
pub(crate) struct FormPart {
    pub fields: Vec<Field>,
    pub errors: Vec<Wrong>,
    /// `None`: it is not kept.
    pub keeping: Option<Keeping>,
}

impl FormPart {
    pub(crate) const fn new(fields: Vec<Field>) -> Self {
        Self {
            fields,
            errors: Vec::new(),
            keeping: None,
        }
    }

    /// With what was typed.
    #[must_use]
    pub(crate) fn typed(mut self, fields: &Fields) -> Self {
        let mut own = std::mem::take(&mut self.fields);
        // How it is now is not how it was shown to whoever typed.
        own.retain(|field| field.name != WAS || fields.find(WAS).is_some());
        let own = own.into_iter();
        self.fields = own.map(|field| field.typed(fields)).collect();
        self
    }

    /// What of a draft was written by hand: label and text. Nothing where it is none.
    pub(crate) fn written(&self) -> Vec<(&str, &str)> {
        let kept = self.keeping.as_ref();
        if kept.is_none_or(|keeping| keeping.saved.is_none()) {
            return Vec::new();
        }
        let fields = self.fields.iter();
        let written = fields.filter(|field| matches!(field.kind, "area" | "text"));
        let written = written.filter(|field| !field.value.trim().is_empty());
        let written = written.map(|field| (&*field.label, field.value.trim()));
        written.collect()
    }

    /// Whether something stands in the field of that name.
    pub(crate) fn has_value(&self, name: &str) -> bool {
        let mut fields = self.fields.iter();
        fields.any(|field| field.name == name && !field.value.is_empty())
    }

    /// The body that an action of the API reads.
    pub(crate) fn body(&self) -> Value {
        let mut body = Map::new();
        for field in &self.fields {
            if let Some(value) = field.json() {
                put(&mut body, &field.name, value);
            }
        }
        Value::Object(body)
    }

    /// With another value in a hidden field: where somebody else was quicker what was typed stays, and the next try is on
    /// what it is now.
    #[must_use]
    pub(crate) fn renewed(mut self, name: &str, value: impl ToString) -> Self {
        for field in self.fields.iter_mut().filter(|field| field.name == name) {
            field.value = value.to_string();
        }
        self
    }

    /// The field of that name.
    pub(crate) fn field_mut(&mut self, name: &str) -> Option<&mut Field> {
        self.fields.iter_mut().find(|field| field.name == name)
    }

    /// What stands in the form before anybody has typed, by name: what is empty is left out.
    fn values(&self) -> String {
        let mut values = Map::new();
        for field in self.fields.iter().filter(|field| field.is_for_people()) {
            let mut put = |name: String, value: &str| {
                if !value.is_empty() {
                    values.insert(name, json!(value));
                }
            };
            put(field.name.clone(), &field.value);
            for paper in &field.papers {
                let [originals, copies] = paper.names(&field.name);
                put(originals, &paper.originals);
                put(copies, &paper.copies);
            }
        }
        Value::Object(values).to_string()
    }

    /// That it keeps how it was shown, for [`Self::beside`].
    #[must_use]
    pub(crate) fn remembering(mut self) -> Self {
        let values = self.values();
        self.fields.push(Field::hidden(WAS, values));
        self
    }

    /// Where somebody else was quicker: what nobody has touched since the form was shown is as it is now; beside what was
    /// typed and is another there, what it is now.
    #[must_use]
    pub(crate) fn beside(mut self, now: &Self) -> Self {
        let was = self.fields.iter().find(|field| field.name == WAS);
        let was: Option<Map<String, Value>> =
            was.and_then(|field| serde_json::from_str(&field.value).ok());
        // How it was shown; `None`: nobody knows.
        let shown = |name: &str| {
            let was = was.as_ref()?;
            Some(was.get(name).and_then(Value::as_str).unwrap_or_default())
        };
        let untouched =
            |name: &str, typed: &str| shown(name).is_some_and(|was| was.trim() == typed.trim());
        for field in self.fields.iter_mut().filter(|field| field.is_for_people()) {
            let Some(now) = now.fields.iter().find(|now| now.name == field.name) else {
                continue;
            };
            for (paper, now) in field.papers.iter_mut().zip(&now.papers) {
                let [originals, copies] = paper.names(&field.name);
                if untouched(&originals, &paper.originals) {
                    paper.originals.clone_from(&now.originals);
                }
                if untouched(&copies, &paper.copies) {
                    paper.copies.clone_from(&now.copies);
                }
            }
            if field.value.trim() == now.value.trim() {
                continue;
            }
            match untouched(&field.name, &field.value) {
                true => field.value.clone_from(&now.value),
                // Nobody else has touched it.
                false if untouched(&field.name, &now.value) => {}
                false => field.meanwhile = Some(now.shown()),
            }
        }
        self.renewed(WAS, now.values())
    }

    /// With the cursor in that field, and in no other.
    #[must_use]
    pub(crate) fn focused(mut self, name: &str) -> Self {
        for field in &mut self.fields {
            field.focus = field.name == name;
        }
        self
    }

    /// With what is wrong at its fields, and on top.
    #[must_use]
    pub(crate) fn refused(mut self, problem: &Problem) -> Self {
        let mut of_the_address = false;
        for error in problem.errors() {
            let place = error.field.trim_start_matches('/');
            match error.detail.starts_with(NO_SUCH) {
                true => of_the_address = true,
                false => self = self.wrong(place, error.detail.clone()),
            }
        }
        if of_the_address {
            let text = "Địa chỉ của trang có phần không đúng; xin mở lại trang từ đầu.".to_owned();
            self.errors.push(Wrong { target: None, text });
        }
        if problem.errors().is_empty() {
            let detail = problem.detail();
            let text = sentence(&self.in_words(words::without_instead(&detail)));
            let target = problem.reason().and_then(|reason| self.field_of(reason));
            if let Some(target) = &target
                && let Some(field) = self.fields.iter_mut().find(|field| field.name == *target)
            {
                field.wrong.get_or_insert_with(|| text.clone());
            }
            self.errors.push(Wrong { target, text });
        }
        self.in_order()
    }

    /// With what is blank and has to be there named too, where something else is wrong already: the rules may have stopped
    /// before they asked for it. Not for filters, in which what is shown as needed may be left out.
    #[must_use]
    pub(crate) fn with_blanks(mut self) -> Self {
        if self.errors.iter().any(|wrong| wrong.target.is_some()) {
            let blank = self.fields.iter().filter(|field| field.is_missing());
            let blank: Vec<String> = blank.map(|field| field.name.clone()).collect();
            for name in blank {
                self = self.wrong(&name, MISSING.to_owned());
            }
        }
        self.in_order()
    }

    /// With its errors in the order in which their fields stand in the form, and the cursor at none of them: the summary is
    /// what comes first.
    fn in_order(mut self) -> Self {
        let place = |wrong: &Wrong| {
            let target = wrong.target.as_deref();
            self.fields
                .iter()
                .position(|field| Some(field.name.as_str()) == target)
        };
        let mut errors = std::mem::take(&mut self.errors);
        errors.sort_by_key(place);
        self.errors = errors;
        for field in &mut self.fields {
            field.focus = false;
        }
        self
    }

    /// The field that a refusal is about, if the form has it.
    fn field_of(&self, refusal: &str) -> Option<String> {
        let names: &[&str] = match refusal {
            "reason_missing" => &["reason"],
            "before_last_event" | "in_the_future" => &["at/moment"],
            "too_far_back" | "late_reason_missing" => &["at/late_reason", "at/moment"],
            "bad_appointment" | "already_reappointed" => &["appointment_at"],
            "bad_return_date" | "return_date_missing" | "return_date_given" => &["return_date/at"],
            "amount_missing" | "refund_too_much" | "fee_amount_unknown" | "other_amount" => {
                &["amount_vnd"]
            }
            "nothing_handed_in" | "missing_items" => &["items", "reason"],
            "supplement_requested_before" => &["reason"],
            "case_missing" | "case_unchanged" => &["case"],
            "no_sets" => &["sets"],
            "no_fees" | "fee_not_collected" | "fee_settled" => &["fees"],
            "no_such_step" => &["step"],
            "hands_unchanged" => &["assignee"],
            _ => &[],
        };
        let has = |name: &&&str| self.fields.iter().any(|field| field.name == **name);
        names.iter().find(has).map(|name| (*name).to_owned())
    }

    /// What the API says, with its names of fields as the form calls them, and its moments as people do.
    fn in_words(&self, text: &str) -> String {
        if text == MISSING || text == "để trống" {
            return "chưa ghi".to_owned();
        }
        // The names that the API takes are of no use to whoever has a list to choose from.
        if text.starts_with(ONE_OF) {
            return "chọn một mục trong danh sách".to_owned();
        }
        if text.ends_with(bool::NEEDED) {
            return "không đọc được".to_owned();
        }
        let words = text.split(' ').map(|word| {
            let bare = word.trim_matches(|c: char| "'().,;:".contains(c));
            // Not what was typed, which stands in quotes.
            let day =
                (!word.contains('\'')).then(|| NaiveDate::parse_from_str(bare, "%Y-%m-%d").ok());
            match (bare.parse::<Moment>(), day.flatten()) {
                (Ok(moment), _) => word.replace(bare, &words::moment(moment)),
                (_, Some(day)) => word.replace(bare, &words::date(day)),
                _ => word.to_owned(),
            }
        });
        let text: Vec<String> = words.collect();
        let mut text = text.join(" ");
        for field in &self.fields {
            let name = field.name.rsplit('/').next().unwrap_or_default();
            text = text.replace(&format!(" ({name})"), "");
            if name.contains('_') && !field.label.is_empty() {
                text = text.replace(name, &format!("“{}”", field.label));
            }
        }
        text
    }

    /// With that wrong at a field, or at the one that it is a part of.
    #[must_use]
    pub(crate) fn wrong(mut self, place: &str, text: String) -> Self {
        let said = self.in_words(&text);
        let mut fields = self.fields.iter_mut();
        let at = |field: &&mut Field| {
            let rest = place.strip_prefix(&field.name);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let text = sentence(&said);
        let found = fields.find(at).map(|field| {
            field.wrong.get_or_insert_with(|| text.clone());
            (field.name.clone(), field.label.clone())
        });
        self.errors.push(match found {
            Some((name, label)) => Wrong {
                target: Some(name),
                text: format!("{label}: {text}"),
            },
            None => Wrong { target: None, text },
        });
        self
    }
}

/// With a capital at its beginning.
pub(super) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase());
    first.into_iter().flatten().chain(letters).collect()
}

/// Puts a value at its place.
fn put(body: &mut Map<String, Value>, place: &str, value: Value) {
    match place.split_once('/') {
        None => {
            body.insert(place.to_owned(), value);
        }
        Some((first, rest)) => {
            let part = body.entry(first).or_insert_with(|| json!({}));
            if let Value::Object(part) = part {
                put(part, rest, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form() -> FormPart {
        FormPart::new(vec![
            Field::text("applicant/name", "Họ và tên").required(),
            Field::phone("applicant/phone", "Điện thoại"),
            Field::moment("appointment_at", "Ngày hẹn"),
            Field::numbers("fees", "Phí", vec![]),
            Field::papers(
                "items",
                "Giấy tờ",
                vec![PaperRow {
                    position: 3,
                    name: "Đơn".to_owned(),
                    about: String::new(),
                    asked: (1, 0),
                    originals: "1".to_owned(),
                    copies: String::new(),
                }],
            ),
        ])
    }

    #[test]
    fn a_form_is_the_body_of_the_api() {
        let typed = "applicant/name=+L%C3%AA+An&applicant/phone=&appointment_at=2026-12-01T16:00&fees=0&fees=2\
                     &items/3/originals=2";
        let body = form().typed(&Fields::read(typed).unwrap()).body();
        assert_eq!(
            body,
            json!({
                "applicant": {"name": "Lê An"},
                "appointment_at": "2026-12-01T16:00:00+07:00",
                "fees": [0, 2],
                "items": [{"position": 3, "originals": 2, "copies": 0}],
            })
        );
    }

    #[test]
    fn dates_and_sums_are_read_as_they_are_written_here() {
        let form = FormPart::new(vec![
            Field::date("day", "Ngày"),
            Field::moment("at", "Lúc"),
            Field::number("amount", "Số tiền"),
        ]);
        for (day, at, amount) in [
            ("2026-11-27", "2026-11-27T08:00", "150000"),
            ("27/11/2026", "27/11/2026 08:00", "150.000"),
            ("27.11.2026", "08:00 27/11/2026", "150 000 đ"),
            ("27-11-2026", "08:00 ngày 27/11/2026", "150,000"),
        ] {
            let typed = [("day", day), ("at", at), ("amount", amount)];
            let typed = serde_urlencoded::to_string(typed).unwrap();
            let body = form.clone().typed(&Fields::read(&typed).unwrap()).body();
            let at = "2026-11-27T08:00:00+07:00";
            assert_eq!(
                body,
                json!({"day": "2026-11-27", "at": at, "amount": 150_000})
            );
        }
        let typed = Fields::read("day=31/02/2026&at=mai&amount=1.50").unwrap();
        let body = form.clone().typed(&typed).body();
        assert_eq!(
            body,
            json!({"day": "31/02/2026", "at": "mai", "amount": "1.50"})
        );
        let form = form.wrong(
            "at",
            "'mai' không phải ngày giờ, ví dụ 2021-02-09T14:00:00+07:00".to_owned(),
        );
        assert_eq!(
            form.errors[0].text,
            "Lúc: 'mai' không phải ngày giờ, ví dụ 14:00 ngày 09/02/2021"
        );
    }

    #[test]
    fn what_is_wrong_is_said_at_its_field_and_on_top() {
        let form = form().wrong("items/0/originals", "phải là số".to_owned());
        assert_eq!(form.errors[0].target.as_deref(), Some("items"));
        assert_eq!(form.errors[0].text, "Giấy tờ: Phải là số");
        assert_eq!(form.fields[4].wrong.as_deref(), Some("Phải là số"));
        let form = form.wrong("elsewhere", "không rõ".to_owned());
        assert_eq!(form.errors[1].target, None);
    }

    #[test]
    fn the_names_of_the_api_stand_on_no_page() {
        let form = form().wrong(
            "fees",
            "cần các khoản phí (fees), hoặc appointment_at".to_owned(),
        );
        assert_eq!(
            form.errors[0].text,
            "Phí: Cần các khoản phí, hoặc “Ngày hẹn”"
        );
    }

    #[test]
    fn what_no_database_keeps_is_no_form() {
        assert!(Fields::read("a=%00").is_err());
        assert!(Fields::read("a=%ff").is_err());
        assert_eq!(Fields::read("a=%EF%BC%91&b=1").unwrap().get("a"), "1");
    }
}
