//! Papers: how people name one, and what of the checklist has been handed in.
//!
//! An event holds positions in the checklist of the version under which it was recorded. What was
//! handed in under one version is read under another by the papers' keys, never by position.

use serde::{Deserialize, Serialize};

use crate::domain::dossier::{ItemHandedIn, Refusal};
use crate::domain::ids::ProcedureId;
use crate::domain::procedure::{Procedure, ProcedureDefinition};

/// A paper of the checklist, as people name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Paper {
    /// In the version that holds for the action.
    Position(u16),
    Key(String),
}

/// A paper that people hand in: which, originals, copies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemGiven(pub Paper, pub u16, pub u16);

impl From<ItemHandedIn> for ItemGiven {
    fn from(item: ItemHandedIn) -> Self {
        Self(Paper::Position(item.0), item.1, item.2)
    }
}

impl ItemGiven {
    /// The same, named by its key.
    #[must_use]
    pub fn keyed(&self, procedure: &Procedure) -> Self {
        let keys = procedure.definition.item_keys();
        let key = match &self.0 {
            Paper::Position(position) => keys.into_iter().nth(usize::from(*position)),
            Paper::Key(_) => None,
        };
        let paper = key.map_or_else(|| self.0.clone(), Paper::Key);
        Self(paper, self.1, self.2)
    }
}

/// A paper handed in, with the version and case in whose checklist its position is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldItem {
    pub under: ProcedureId,
    pub case: Option<String>,
    pub item: ItemHandedIn,
}

impl Paper {
    /// Its position in the checklist.
    ///
    /// # Errors
    /// If the checklist has no such paper.
    pub(super) fn position(&self, procedure: &Procedure) -> Result<u16, Refusal> {
        let definition = &procedure.definition;
        let count = definition.checklist.len();
        match self {
            Self::Position(position) if usize::from(*position) < count => Ok(*position),
            Self::Position(position) => Err(Refusal::UnknownItem {
                position: *position,
                count,
            }),
            Self::Key(key) => {
                let keys = definition.item_keys();
                let position = keys.iter().position(|known| known == key);
                position
                    .and_then(|position| u16::try_from(position).ok())
                    .ok_or_else(|| Refusal::UnknownPaper { key: key.clone() })
            }
        }
    }
}

/// The papers by position.
pub(super) fn positioned(
    items: &[ItemGiven],
    procedure: &Procedure,
) -> Result<Vec<ItemHandedIn>, Refusal> {
    let items = items.iter();
    items
        .map(|ItemGiven(paper, originals, copies)| {
            Ok(ItemHandedIn(
                paper.position(procedure)?,
                *originals,
                *copies,
            ))
        })
        .collect()
}

/// How many of a paper have been handed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HandedIn {
    pub originals: u32,
    pub copies: u32,
}

impl HandedIn {
    fn add(&mut self, item: ItemHandedIn) {
        self.originals += u32::from(item.1);
        self.copies += u32::from(item.2);
    }

    pub const fn is_any(self) -> bool {
        self.originals > 0 || self.copies > 0
    }
}

/// What has been handed in, read under a version of the procedure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Papers {
    /// By position in that version's checklist.
    pub listed: Vec<HandedIn>,
    /// Papers of an older version that this one does not ask for, by their names there.
    pub others: Vec<(String, HandedIn)>,
}

impl Papers {
    /// Those of what was handed in that are no papers of `procedure`, as [`Papers::of`] reads them.
    pub fn others_of<'a>(
        items: &[HeldItem],
        procedure: &Procedure,
        version: impl Fn(&HeldItem) -> Option<&'a Procedure>,
    ) -> Vec<HeldItem> {
        let is_other = |held: &&HeldItem| {
            let one = std::slice::from_ref(*held);
            !Self::of(one, procedure, &version).others.is_empty()
        };
        items.iter().filter(is_other).cloned().collect()
    }

    /// Papers that were handed in, read under `procedure`; `version` finds the versions, in their cases, under
    /// which papers were handed in.
    pub fn of<'a>(
        items: &[HeldItem],
        procedure: &Procedure,
        version: impl Fn(&HeldItem) -> Option<&'a Procedure>,
    ) -> Self {
        let count = procedure.definition.checklist.len();
        let mut papers = Self {
            listed: vec![HandedIn::default(); count],
            others: Vec::new(),
        };
        for held in items {
            let item = &held.item;
            let position = usize::from(item.0);
            let same = held.under == procedure.id && held.case == procedure.case;
            let old = (!same)
                .then(|| version(held))
                .flatten()
                .map(|old| &old.definition);
            let here = match old {
                None => Some(position),
                Some(old) => carried_over(old, position, &procedure.definition),
            };
            if let Some(listed) = here.and_then(|here| papers.listed.get_mut(here)) {
                listed.add(*item);
                continue;
            }
            let name = old.and_then(|old| old.checklist.get(position));
            let name = name.map_or_else(
                || format!("Giấy tờ số {}", position + 1),
                |item| item.name.clone(),
            );
            match papers.others.iter_mut().find(|(known, _)| *known == name) {
                Some((_, held)) => held.add(*item),
                None => {
                    let mut held = HandedIn::default();
                    held.add(*item);
                    papers.others.push((name, held));
                }
            }
        }
        papers
    }
}

/// Where a paper of an old version stands in a new one: by its key, or, where keys were given later,
/// by its name.
fn carried_over(
    old: &ProcedureDefinition,
    position: usize,
    new: &ProcedureDefinition,
) -> Option<usize> {
    let same = |old: Vec<String>, new: Vec<String>| {
        let key = old.into_iter().nth(position)?;
        new.iter().position(|known| *known == key)
    };
    same(old.item_keys(), new.item_keys())
        .or_else(|| same(old.item_keys_by_name(), new.item_keys_by_name()))
}
