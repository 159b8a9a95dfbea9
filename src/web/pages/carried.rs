//! The list from which a dossier was opened is carried along in the address, so that the next of it is one step away.
//! It is what was asked of the list, and from when it was opened on the dossier's own place as `after`: no personal data,
//! and whatever is done to the dossier meanwhile changes nothing of where the next one is.

use actix_web::HttpResponse;

use crate::acts::access::Caller;
use crate::domain::ids::DossierId;
use crate::domain::moment::Moment;
use crate::store::Store;
use crate::web::api::call::Call;
use crate::web::api::lists::{self, DossierQuery};
use crate::web::api::page::cursor;
use crate::web::pages::forms::Fields;
use crate::web::pages::see_other;
use crate::web::problem::Problem;

/// The field that carries it.
pub(crate) const CARRIED: &str = "ds";

/// The button that saves and goes on to the next.
pub(crate) const GO_ON: &str = "tiep";

/// The most bytes of it: what filters there may be, with all their values.
const MOST_BYTES: usize = 2000;

/// How many short pages are looked through for the next one.
const PAGES: usize = 5;

/// A list that is carried along, or none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Carried(Option<String>);

impl Carried {
    /// As it came; what is no list of ours is none.
    pub(crate) fn read(typed: &Fields) -> Self {
        let text = typed.get(CARRIED);
        let fits = !text.is_empty() && text.len() <= MOST_BYTES;
        Self(Some(text.to_owned()).filter(|text| fits && DossierQuery::read(text).is_ok()))
    }

    /// The list that is asked for like this.
    pub(crate) fn of(query: &str) -> Self {
        Self(Some(query.to_owned()).filter(|query| !query.is_empty()))
    }

    /// With the place of the dossier that is opened, unless it has one already: there the list goes on whatever becomes of
    /// the dossier.
    pub(crate) fn at(
        self,
        store: &Store,
        id: DossierId,
        by: &Caller,
        now: Moment,
    ) -> Result<Self, Problem> {
        let mut fields = self.fields();
        if !self.is_some() || fields.find("after").is_some() {
            return Ok(self);
        }
        let query = DossierQuery::read(self.value())?;
        if let Some(place) = lists::place(store, query, id, by, now)? {
            fields.set("after", cursor(&place));
        }
        Ok(Self(Some(fields.query_without(&["limit"]))))
    }

    pub(crate) const fn is_some(&self) -> bool {
        self.0.is_some()
    }

    /// As the value of a field.
    pub(crate) fn value(&self) -> &str {
        self.0.as_deref().unwrap_or_default()
    }

    /// What stands behind the address of a page that carries it on.
    pub(crate) fn query(&self) -> String {
        self.behind('?')
    }

    /// The same behind other parameters.
    pub(crate) fn and(&self) -> String {
        self.behind('&')
    }

    fn behind(&self, sign: char) -> String {
        self.0.as_ref().map_or_else(String::new, |query| {
            let carried = serde_urlencoded::to_string([(CARRIED, query)]).unwrap_or_default();
            format!("{sign}{carried}")
        })
    }

    fn fields(&self) -> Fields {
        Fields::read(self.value()).unwrap_or_default()
    }

    /// The address of the list, from its beginning.
    pub(crate) fn list(&self) -> String {
        match self.is_some() {
            true => format!(
                "/ho-so?{}",
                self.fields().query_without(&["after", "limit"])
            ),
            false => "/ho-so".to_owned(),
        }
    }

    /// The address that leads on to the next of the list behind the dossier of that number.
    pub(crate) fn next(&self, number: &str, done: Option<&str>) -> String {
        let done = done.map_or_else(String::new, |done| format!("&xong={done}"));
        format!("/ho-so/tiep?tu={number}{done}{}", self.and())
    }
}

/// `GET /ho-so/tiep`: to the next of the list, or back to the list at its end.
pub async fn next(call: Call, typed: Fields) -> Result<HttpResponse, Problem> {
    let carried = Carried::read(&typed);
    let number = typed.get("tu").to_owned();
    let (list, asked, but) = (carried.list(), carried.clone(), number.clone());
    let found = call.run(move |store, by, now| {
        let mut after: Option<String> = None;
        for _ in 0..PAGES {
            if !asked.is_some() {
                break;
            }
            let mut fields = asked.fields();
            if let Some(after) = after {
                fields.set("after", after);
            }
            // Two: the dossier itself may have come to stand behind its old place.
            fields.set("limit", "2");
            let query = DossierQuery::read(&fields.query_without(&[]))?;
            let listing = lists::listing(store, query, by, now)?;
            let mut found = listing.items.into_iter();
            if let Some(item) = found.find(|item| item.case_number != but) {
                return Ok(Some(item.case_number));
            }
            match listing.next {
                Some(next) => after = Some(cursor(&next)),
                None => break,
            }
        }
        Ok(None)
    });
    let said = [("truoc", number.as_str()), ("xong", typed.get("xong"))];
    let said = serde_urlencoded::to_string(said).unwrap_or_default();
    let place = match found.await? {
        Some(next) => {
            let query = carried.fields().query_without(&["after", "limit"]);
            let carried = Carried::of(&query);
            format!("/ho-so/{next}?{said}{}", carried.and())
        }
        None => {
            let sign = if list.contains('?') { '&' } else { '?' };
            format!("{list}{sign}bao=het")
        }
    };
    Ok(see_other(&place).finish())
}
