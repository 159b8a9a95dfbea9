//! What people wrote beside their rating.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::ids::UnitId;
use crate::domain::moment::Moment;
use crate::error::Error;
use crate::render;
use crate::store::{Store, satisfaction};
use crate::views::list::{Named, named_procedure, named_unit};
use crate::views::reach::listed_units;

/// A comment as staff read it: without the dossier, which would say whose it is.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CommentView {
    pub at: Moment,
    /// 1 to 5.
    #[schema(example = 5)]
    pub rating: u8,
    #[schema(example = "Rất hài lòng")]
    pub rating_name: &'static str,
    #[schema(example = "Cán bộ hướng dẫn tận tình")]
    pub comment: String,
    pub unit: Named,
    pub procedure: Named,
}

/// A page of comments.
#[derive(Debug, Clone)]
pub struct CommentPage {
    pub items: Vec<CommentView>,
    /// Where the next page begins: a moment, and how many of that moment have been shown. No id of
    /// a dossier, which would say whose the comment is.
    pub next: Option<(Moment, u32)>,
}

/// Comments within reach, newest first.
///
/// # Errors
/// If the unit is unknown or out of reach, or the database refuses.
pub fn comments(
    store: &Store,
    unit: Option<&str>,
    reach: UnitId,
    after: Option<(Moment, u32)>,
    limit: u32,
) -> Result<CommentPage, Error> {
    store.read_with_reference(|conn, reference| {
        let units = listed_units(reference, unit, Some(reach))?;
        let mut found = satisfaction::comments(conn, units.as_deref(), after, limit + 1)?;
        let more = found.len() > limit as usize;
        found.truncate(limit as usize);
        let next = found.last().filter(|_| more).map(|last| {
            let same = found.iter().filter(|comment| comment.at == last.at).count();
            let before = after
                .filter(|(at, _)| *at == last.at)
                .map_or(0, |(_, seen)| seen);
            (
                last.at,
                before.saturating_add(u32::try_from(same).unwrap_or(limit)),
            )
        });
        Ok(CommentPage {
            next,
            items: found
                .into_iter()
                .map(|comment| CommentView {
                    at: comment.at,
                    rating: comment.rating.level(),
                    rating_name: render::words::rating(comment.rating),
                    comment: comment.text,
                    unit: named_unit(reference, comment.unit),
                    procedure: named_procedure(reference, comment.procedure),
                })
                .collect(),
        })
    })
}
