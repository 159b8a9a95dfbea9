//! What the rows of a report may be.

/// An enum whose variants are chosen by name, which is their own in snake case.
macro_rules! choices {
    ($(#[$of:meta])* $name:ident { $($(#[$variant_of:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$of])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, utoipa::ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            $($(#[$variant_of])* $variant,)+
        }

        impl $name {
            pub const ALL: [Self; Self::NAMES.len()] = [$(Self::$variant),+];
            pub const NAMES: &'static [&'static str] = &[$($text),+];

            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }
        }

        impl std::str::FromStr for $name {
            type Err = ();

            fn from_str(text: &str) -> Result<Self, ()> {
                Self::ALL.into_iter().find(|by| by.as_str() == text).ok_or(())
            }
        }
    };
}

choices! {
    /// What the rows of an on-time report are.
    By {
        Level = "level",
        Unit = "unit",
        Field = "field",
        Procedure = "procedure",
        Channel = "channel",
        /// Reporting months, from the 15th to the 14th.
        Month = "month",
    }
}

choices! {
    /// What the rows of a satisfaction report are.
    SatisfactionBy {
        Unit = "unit",
        Procedure = "procedure",
        /// Who was in charge of the dossier when its result was given out.
        Officer = "officer",
    }
}
