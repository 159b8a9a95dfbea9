//! Enums whose variants have a number or a name outside of the program: said once, at the variant.

/// An enum whose variants are numbers in the database: `ALL`, `code` and `from_code`.
macro_rules! code_enum {
    ($(#[$of:meta])* pub enum $name:ident { $($(#[$doc:meta])* $variant:ident = $code:literal,)+ }) => {
        $(#[$of])*
        pub enum $name {
            $($(#[$doc])* $variant = $code,)+
        }

        impl $name {
            pub const ALL: [Self; [$($code),+].len()] = [$(Self::$variant),+];

            /// The number that stands for it in the database.
            pub const fn code(self) -> i16 {
                self as i16
            }

            pub fn from_code(code: i16) -> Option<Self> {
                Self::ALL.into_iter().find(|one| one.code() == code)
            }
        }
    };
}

/// An enum whose variants have names that do not change: `ALL`, `NAMES`, `as_str` and `FromStr`. With
/// a number before the name, what `code_enum` gives too.
macro_rules! text_enum {
    ($(#[$of:meta])* pub enum $name:ident {
        $($(#[$doc:meta])* $variant:ident = $code:literal $text:literal,)+
    }) => {
        $crate::domain::enums::code_enum! {
            $(#[$of])*
            pub enum $name {
                $($(#[$doc])* $variant = $code,)+
            }
        }
        $crate::domain::enums::text_enum!(@names $name $($variant $text)+);
    };
    ($(#[$of:meta])* pub enum $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$of])*
        pub enum $name {
            $($(#[$doc])* $variant,)+
        }

        impl $name {
            pub const ALL: [Self; [$($text),+].len()] = [$(Self::$variant),+];
        }
        $crate::domain::enums::text_enum!(@names $name $($variant $text)+);
    };
    (@names $name:ident $($variant:ident $text:literal)+) => {
        impl $name {
            /// The names of `ALL`.
            pub const NAMES: [&'static str; Self::ALL.len()] = [$($text),+];

            /// A stable name, which is in the API, in files and in the database.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }
        }

        impl std::str::FromStr for $name {
            type Err = ();

            fn from_str(text: &str) -> Result<Self, ()> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err(()),
                }
            }
        }
    };
}

pub(crate) use {code_enum, text_enum};
