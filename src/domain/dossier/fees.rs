//! What the fees of a procedure are for one dossier: which of them hold, which of several to choose from is owed, how
//! many times, and what is left to pay.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::domain::dossier::{Channel, Contents, Pages, Refusal, SettledFee};
use crate::domain::moment::Moment;
use crate::domain::procedure::Fee;

fn once() -> u32 {
    1
}

fn is_once(quantity: &u32) -> bool {
    *quantity == 1
}

/// On what terms a fee is owed, as history keeps it: how many times, and, of several to choose from, that it is this one
/// and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeeTerms {
    /// Position among the procedure's fees.
    pub fee: u16,
    #[serde(default = "once", skip_serializing_if = "is_once")]
    pub quantity: u32,
    /// The pages of each copy, where that was said; `quantity` is all of them then.
    #[serde(default, skip_serializing_if = "Pages::is_empty")]
    pub pages: Pages,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

/// A fee that somebody names: how many times, if they say so, and why this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeeAsked {
    /// Position among the procedure's fees.
    pub fee: u16,
    /// `None`: as often as was said before, else once.
    pub quantity: Option<u32>,
    /// The pages of each copy, instead of how many times.
    pub pages: Option<Pages>,
    pub reason: String,
}

impl FeeAsked {
    /// How many times it is asked for, and for which pages; as `before` where that is not said.
    pub fn times(&self, before: (u32, &Pages)) -> (u32, Pages) {
        match (&self.pages, self.quantity) {
            (Some(pages), _) => (pages.total(), pages.clone()),
            (None, Some(quantity)) => (quantity, Pages::default()),
            (None, None) => (before.0, before.1.clone()),
        }
    }
}

impl From<u16> for FeeAsked {
    fn from(fee: u16) -> Self {
        Self {
            fee,
            quantity: None,
            pages: None,
            reason: String::new(),
        }
    }
}

/// The most times that a fee is owed: far more pages than any dossier has.
pub const MOST_TIMES: u32 = 100_000;

/// The fees of a procedure as they are for one dossier.
#[derive(Debug, Clone, Copy)]
pub struct Fees<'a> {
    pub contents: &'a Contents,
    pub fees: &'a [Fee],
    pub channel: Channel,
    /// The day of receipt.
    pub on: NaiveDate,
    /// Nothing more is asked for: [`crate::domain::dossier::Status::is_free_now`].
    pub free_now: bool,
}

impl<'a> Fees<'a> {
    fn get(&self, position: u16) -> Option<&'a Fee> {
        self.fees.get(usize::from(position))
    }

    /// Whether it is one of this dossier's: by the way it came in, and its day of receipt.
    pub fn holds(&self, position: u16) -> bool {
        let fee = self.get(position);
        fee.is_some_and(|fee| fee.holds(self.channel, self.on))
    }

    /// By which the fees that are a choice are known: the position of the first of them.
    fn choice(&self, position: u16) -> u16 {
        choice(self.fees, position)
    }

    /// The positions of this dossier's fees that are a choice with this one, it among them.
    fn choices(&self, position: u16) -> impl Iterator<Item = u16> + '_ {
        let of = self.choice(position);
        let all = (0_u16..).zip(self.fees).map(|(position, _)| position);
        all.filter(move |other| self.choice(*other) == of && self.holds(*other))
    }

    /// Whether there is a choice between it and others.
    pub fn is_choice(&self, position: u16) -> bool {
        self.choices(position).count() > 1
    }

    /// Whether it is this one that is owed, of those that there are to choose from: the one that was chosen last, else
    /// the first.
    pub fn is_chosen(&self, position: u16) -> bool {
        let of = self.choice(position);
        let mut terms = self.contents.fee_terms.iter().rev();
        let chosen = terms.find(|terms| self.choice(terms.fee) == of && self.holds(terms.fee));
        let chosen = chosen.map(|terms| terms.fee);
        self.holds(position) && chosen.or_else(|| self.choices(position).next()) == Some(position)
    }

    /// How it, or what there was to choose in its place, was settled.
    pub fn settled(&self, position: u16) -> Option<&'a SettledFee> {
        settled(self.contents, self.fees, position)
    }

    /// Whether it was settled, or is owed: of several to choose from one, but for what was settled before they were said to
    /// be a choice.
    pub fn stands(&self, position: u16) -> bool {
        let open = || self.is_chosen(position) && self.settled(position).is_none();
        self.contents.settled_fee(position).is_some() || (!self.free_now && open())
    }

    /// What it comes to, as often as it is owed; `None` where the procedure does not know.
    pub fn sum(&self, position: u16) -> Option<u64> {
        let (quantity, pages) = self.contents.times(position);
        self.get(position)?.sum(quantity, pages)
    }

    /// What is not settled yet and asked for, by position, with what it comes to.
    pub fn owed(&self) -> Vec<(u16, Option<u64>)> {
        if self.free_now {
            return Vec::new();
        }
        let all = (0_u16..).zip(self.fees).map(|(position, _)| position);
        let owed = all.filter(|fee| self.is_chosen(*fee) && self.settled(*fee).is_none());
        owed.map(|fee| (fee, self.sum(fee))).collect()
    }

    /// The terms that somebody names, each fee once and one of each choice, as they are from now on.
    ///
    /// # Errors
    /// What is wrong with one of them; that it is settled already.
    pub fn terms(&self, asked: &[FeeAsked]) -> Result<Vec<FeeTerms>, Refusal> {
        let mut terms: Vec<FeeTerms> = Vec::with_capacity(asked.len());
        for one in asked {
            let position = one.fee;
            self.check(position)?;
            if terms.iter().any(|terms| terms.fee == position) {
                return Err(Refusal::FeeNamedTwice { position });
            }
            let of = self.choice(position);
            if let Some(other) = terms.iter().find(|terms| self.choice(terms.fee) == of) {
                let other = other.fee;
                return Err(Refusal::FeesAreAChoice { position, other });
            }
            let (before, pages_before) = self.contents.times(position);
            let (quantity, pages) = one.times((before, pages_before));
            if !(1..=MOST_TIMES).contains(&quantity) {
                return Err(Refusal::BadQuantity { position });
            }
            let mut reason = one.reason.trim().to_owned();
            if reason.is_empty() && self.is_chosen(position) {
                reason = self.contents.reason_of_choice(position).to_owned();
            }
            // One that is not counted by anything is owed once.
            let counted = self.get(position).is_some_and(|fee| fee.per.is_some());
            if !counted && quantity > 1 && quantity != before && reason.is_empty() {
                return Err(Refusal::QuantityWithoutReason { position });
            }
            // Whoever owes the one that is owed unless somebody says why not needs no reason.
            let first = self.choices(position).next() == Some(position);
            if !first && reason.is_empty() {
                return Err(Refusal::ChoiceWithoutReason { position });
            }
            terms.push(FeeTerms {
                fee: position,
                quantity,
                pages,
                reason,
            });
        }
        Ok(terms)
    }

    /// The terms on which a fee is owed now.
    ///
    /// # Errors
    /// There is none, it is not owed, or it is settled already.
    pub fn terms_of(&self, fee: u16) -> Result<FeeTerms, Refusal> {
        self.check(fee)?;
        let (quantity, pages) = self.contents.times(fee);
        match self.is_chosen(fee) {
            true => Ok(FeeTerms {
                fee,
                quantity,
                pages: pages.clone(),
                reason: self.contents.reason_of_choice(fee).to_owned(),
            }),
            false => Err(Refusal::FeeOfOthers { position: fee }),
        }
    }

    /// It is one of this dossier's, and not settled.
    fn check(&self, position: u16) -> Result<(), Refusal> {
        if self.get(position).is_none() {
            return Err(Refusal::UnknownFee {
                position,
                count: self.fees.len(),
            });
        }
        if self.settled(position).is_some() {
            return Err(Refusal::FeeSettled { position });
        }
        if self.free_now {
            return Err(Refusal::FreeNow);
        }
        match self.holds(position) {
            true => Ok(()),
            false => Err(Refusal::FeeOfOthers { position }),
        }
    }

    /// Of terms, those that say something new.
    pub fn news(&self, terms: &[FeeTerms]) -> Vec<FeeTerms> {
        let new = terms.iter().filter(|terms| {
            !self.is_chosen(terms.fee)
                || (terms.quantity, &terms.pages) != self.contents.times(terms.fee)
                || terms.reason != self.contents.reason_of_choice(terms.fee)
        });
        new.cloned().collect()
    }
}

fn choice(fees: &[Fee], position: u16) -> u16 {
    let fee = fees.get(usize::from(position));
    fee.and_then(|fee| fee.instead_of).unwrap_or(position)
}

/// Whether the clock stands for a payment of a fee, or of what there was to choose in its place.
pub(super) fn is_requested(contents: &Contents, fees: &[Fee], position: u16) -> bool {
    let of = choice(fees, position);
    let mut requested = contents.requested_fees.iter();
    requested.any(|fee| choice(fees, *fee) == of)
}

/// How a fee, or what there was to choose in its place, was settled.
pub(super) fn settled<'a>(
    contents: &'a Contents,
    fees: &[Fee],
    position: u16,
) -> Option<&'a SettledFee> {
    let of = choice(fees, position);
    let mut settled = contents.settled_fees.iter();
    settled.find(|settled| choice(fees, settled.fee) == of)
}

impl Contents {
    fn term(&self, fee: u16) -> Option<&FeeTerms> {
        self.fee_terms.iter().rev().find(|terms| terms.fee == fee)
    }

    /// How many times a fee is owed, and by the pages of which copies, where that was said.
    pub fn times(&self, fee: u16) -> (u32, &Pages) {
        static NONE: Pages = Pages::NONE;
        let term = self.term(fee);
        term.map_or((1, &NONE), |terms| (terms.quantity, &terms.pages))
    }

    /// Why it is this one that is owed, of several to choose from.
    pub fn reason_of_choice(&self, fee: u16) -> &str {
        self.term(fee).map_or("", |terms| &terms.reason)
    }

    /// What was paid, and not paid back, in đồng.
    pub fn kept_vnd(&self) -> u64 {
        self.paid_vnd.saturating_sub(self.refunded_vnd())
    }

    /// What was paid back, in đồng.
    pub fn refunded_vnd(&self) -> u64 {
        self.refunds.iter().map(|refund| refund.amount_vnd).sum()
    }

    /// The last refund, whose record may be taken back.
    ///
    /// # Errors
    /// There is none, or what was done since about the fees that it was for stands in its way: they were settled anew, or
    /// come to another sum.
    pub(super) fn refund_to_take_back(&self, fees: &[Fee]) -> Result<&Refund, Refusal> {
        let last = self.refunds.last().ok_or(Refusal::NothingRefunded)?;
        let positions = || last.settled.iter().map(|settled| settled.fee);
        if let Some(position) = positions().find(|fee| settled(self, fees, *fee).is_some()) {
            return Err(Refusal::FeeSettled { position });
        }
        let sum = |fee: u16| {
            let (quantity, pages) = self.times(fee);
            fees.get(usize::from(fee))?.sum(quantity, pages)
        };
        let asked_vnd = positions().map(sum).sum::<Option<u64>>();
        match asked_vnd.filter(|_| !last.settled.is_empty()) {
            Some(asked_vnd) if asked_vnd != last.amount_vnd => Err(Refusal::OtherAmount {
                asked_vnd,
                paid_vnd: last.amount_vnd,
            }),
            _ => Ok(last),
        }
    }
}

/// Money that was paid back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    pub at: Moment,
    pub amount_vnd: u64,
    pub method: super::PaymentMethod,
    pub receipt: String,
    pub reason: String,
    /// The fees that it was for, as they had been settled; none: something beside them, or a part.
    pub settled: Vec<SettledFee>,
}
