//! Dossiers that belong to another one: on its page, and how they are linked there.

use actix_web::HttpResponse;

use crate::domain::dossier::LinkKind;
use crate::render::words;
use crate::views::links::Linked;
use crate::web::api::call::Call;
use crate::web::api::links::{self, NewLink};
use crate::web::body;
use crate::web::pages::carried::Carried;
use crate::web::pages::forms::{Choice, Field, Fields, FormPart};
use crate::web::pages::{dossier, drafts, see_other};
use crate::web::problem::{Kind, Problem};

/// What a dossier's page has of them.
pub(crate) struct LinksPart {
    pub linked: Vec<Linked>,
    pub form: FormPart,
}

impl LinksPart {
    pub(crate) fn new(linked: Vec<Linked>) -> Self {
        let kinds = [
            (LinkKind::Related, "Liên quan"),
            (LinkKind::Replaces, "Thay thế (hồ sơ sau thay hồ sơ trước)"),
            (LinkKind::Chained, "Liên thông"),
        ];
        let kinds = kinds.map(|(kind, word)| Choice::new(kind.as_str(), word));
        Self {
            linked,
            form: FormPart::new(vec![
                Field::text("dossier", "Mã hồ sơ").required(),
                Field::choice("kind", "Là hồ sơ", kinds.into()),
            ]),
        }
    }

    /// Whether there is something to go on with: what is wrong with what was typed, or a draft.
    pub(crate) fn is_open(&self) -> bool {
        let kept = self.form.keeping.as_ref();
        let kept = kept.is_some_and(|keeping| keeping.saved.is_some() || keeping.unsaved);
        kept || self.form.fields.iter().any(|field| field.wrong.is_some())
    }

    pub(crate) fn since(linked: &Linked) -> String {
        let by = linked.linked_by.as_ref();
        let by = by.map_or_else(String::new, |staff| format!(" · {}", staff.full_name));
        format!("{}{by}", words::moment(linked.linked_at))
    }
}

/// Where the form of a link is sent to.
pub(crate) fn place(case_number: &str) -> String {
    format!("/ho-so/{case_number}/lien-ket")
}

/// `POST /ho-so/{dossier}/lien-ket`.
pub async fn link(call: Call, typed: Fields) -> Result<HttpResponse, Problem> {
    let number = call.named::<String>()?;
    let carried = Carried::read(&typed);
    let form = LinksPart::new(Vec::new()).form.typed(&typed);
    let linked = match body::read::<NewLink>(form.body().to_string().as_bytes()) {
        Ok(new) => links::put(&call, number.clone(), new).await,
        Err(problem) => Err(problem),
    };
    match linked {
        Ok(()) => {
            let place = format!("/ho-so/{number}{}#links", carried.query());
            drafts::taken(&call, &typed, &place).await
        }
        // Of the other one it is told at its field; of this one the page itself says it.
        Err(problem) if matches!(problem.kind(), Kind::InvalidRequest | Kind::Forbidden) => {
            let form = match problem.kind() {
                Kind::Forbidden => form.wrong("dossier", problem.detail()),
                _ => form.refused(&problem),
            };
            let form = drafts::again(form, &typed, &place(&number));
            dossier::shown_again(&call, number, carried, form).await
        }
        Err(problem) => Err(drafts::keep(&call, &typed, problem).await),
    }
}

/// `POST /ho-so/{dossier}/lien-ket/{other}/bo`.
pub async fn unlink(call: Call, typed: Fields) -> Result<HttpResponse, Problem> {
    let (number, other) = call.named::<(String, String)>()?;
    links::take(&call, number.clone(), other).await?;
    let carried = Carried::read(&typed);
    let place = format!("/ho-so/{number}{}#links", carried.query());
    Ok(see_other(&place).finish())
}
