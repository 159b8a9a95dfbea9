//! Request headers that guard a change: `If-Match`, so that nobody overwrites what they have not
//! seen, and `Idempotency-Key`, so that nothing is made twice.

use actix_web::{FromRequest, HttpRequest, HttpResponse, dev};
use hmac::Mac;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::acts::access::Caller;
use crate::domain::mac::mac;
use crate::store::idempotency::Once;
use crate::web::problem::{Kind, Problem};

/// What the caller has seen of what is to be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum IfMatch {
    /// Whatever it is now (`*`).
    Any,
    /// Tags, without their quotes.
    Tags(Vec<String>),
}

impl IfMatch {
    /// The tag that a form brought along.
    pub(crate) fn of_form(tag: &str) -> Self {
        Self::Tags(vec![tag.to_owned()])
    }

    pub(crate) fn fits(&self, etag: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Tags(tags) => tags.iter().any(|tag| format!("\"{tag}\"") == etag),
        }
    }

    /// The version that was seen; `None` for any. A tag that is no version is one that never was.
    pub(crate) fn version(&self) -> Option<u32> {
        match self {
            Self::Any => None,
            Self::Tags(tags) => {
                let mut versions = tags.iter().filter_map(|tag| tag.parse().ok());
                Some(versions.next_back().unwrap_or(u32::MAX))
            }
        }
    }
}

impl FromRequest for IfMatch {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        let header = request.headers().get("if-match");
        let result = match header.map(|value| value.to_str()) {
            None => Err(Problem::new(
                Kind::PreconditionRequired,
                "thay đổi cần tiêu đề If-Match với ETag đã đọc, hoặc * nếu không cần so",
            )),
            Some(Err(_)) => Err(Problem::invalid_field("If-Match", "không đọc được")),
            Some(Ok("*")) => Ok(Self::Any),
            Some(Ok(text)) => {
                let tags = text.split(',').map(|tag| own_tag(tag).map(str::to_owned));
                let tags: Option<Vec<_>> = tags.collect();
                // Only one of them can be what was read last.
                let one = tags.filter(|tags| tags.iter().all(|tag| *tag == tags[0]));
                one.map(Self::Tags).ok_or_else(|| {
                    let detail = "cần một ETag như đã đọc, trong dấu ngoặc kép, ví dụ \"3\"";
                    Problem::invalid_field("If-Match", detail)
                })
            }
        };
        std::future::ready(result)
    }
}

/// What proxies put behind a tag when they compress what it is of (`"1-gzip"`).
const COMPRESSED: [&str; 5] = ["-gzip", ";gzip", "-br", "-zstd", "-deflate"];

/// A tag as it left us, without its quotes. A proxy that compresses the answer makes a weak one of it (`W/"1"`), or puts
/// its own ending behind it: the dossier is the same, and the change goes by what was read. So a weak tag matches here,
/// against RFC 9110, 13.1.1: all of ours are strong.
fn own_tag(tag: &str) -> Option<&str> {
    let tag = tag.trim();
    let tag = tag.strip_prefix("W/").unwrap_or(tag);
    let tag = tag.strip_prefix('"')?.strip_suffix('"')?;
    let mut endings = COMPRESSED.into_iter();
    let plain = endings.find_map(|ending| tag.strip_suffix(ending));
    Some(plain.unwrap_or(tag).trim_end_matches('-'))
}

/// The tag of a version.
pub(crate) fn version_tag(version: u32) -> String {
    format!("\"{version}\"")
}

/// The tag of what has no version: a hash of what is shown of it.
pub(crate) fn content_tag(shown: &impl Serialize) -> String {
    let json = serde_json::to_vec(shown).unwrap_or_default();
    let hash = Sha256::digest(json);
    format!("\"{}\"", data_encoding::HEXLOWER.encode(&hash[..12]))
}

/// The tags of what the caller has already.
pub(crate) struct IfNoneMatch(Vec<String>);

impl IfNoneMatch {
    pub(crate) fn of(request: &HttpRequest) -> Self {
        let seen = request.headers().get_all("if-none-match");
        let seen = seen.filter_map(|value| value.to_str().ok());
        let seen = seen.flat_map(|line| line.split(','));
        let seen = seen.filter_map(|tag| match tag.trim() {
            "*" => Some("*".to_owned()),
            tag => own_tag(tag).map(|tag| format!("\"{tag}\"")),
        });
        Self(seen.collect())
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn fits(&self, tag: &str) -> bool {
        self.0.iter().any(|seen| seen == "*" || seen == tag)
    }
}

impl FromRequest for IfNoneMatch {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        std::future::ready(Ok(Self::of(request)))
    }
}

/// An answer with its tag, or 304 if the caller has it already.
pub(crate) fn unless_seen(request: &HttpRequest, shown: &impl Serialize) -> HttpResponse {
    let tag = content_tag(shown);
    let same = IfNoneMatch::of(request).fits(&tag);
    let mut answer = match same {
        true => HttpResponse::NotModified(),
        false => HttpResponse::Ok(),
    };
    answer
        .insert_header(("ETag", tag))
        .insert_header(("Cache-Control", "no-cache"));
    match same {
        true => answer.finish(),
        false => answer.json(shown),
    }
}

/// The key under which a request happens once; none is sent by those who take the risk.
pub(crate) struct IdempotencyKey(Option<String>);

impl IdempotencyKey {
    /// The key that a form brought along: ours, so that a second click does nothing more.
    pub(crate) fn of_form(key: &str) -> Self {
        Self(Some(key.to_owned()).filter(|key| !key.is_empty()))
    }

    /// For a member of staff; `what` tells creates of different kinds apart.
    pub(crate) fn of_staff(self, what: &str, caller: &Caller, hash: Vec<u8>) -> Option<Once> {
        self.once(format!("{what}:{}", caller.user), hash)
    }

    /// For somebody without an account: the key alone has to be hard to guess, and it only ever
    /// leads to what the same request has made.
    pub(crate) fn of_public(self, what: &str, hash: Vec<u8>) -> Option<Once> {
        self.once(what.to_owned(), hash)
    }

    /// Of the key only a hash is kept, and of the request one that nobody can guess at without the
    /// key: a request may hold a password or an identity number.
    fn once(self, scope: String, request_hash: Vec<u8>) -> Option<Once> {
        self.0.map(|key| {
            let mac = mac(&key, &[&request_hash]);
            Once {
                scope,
                key: data_encoding::HEXLOWER.encode(&Sha256::digest(key.as_bytes())),
                request_hash: mac.finalize().into_bytes().to_vec(),
            }
        })
    }
}

impl FromRequest for IdempotencyKey {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        let plain = |text: &str| {
            (8..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
        };
        let key = request.headers().get("idempotency-key");
        let result = match key.map(|value| value.to_str()) {
            None => Ok(Self(None)),
            Some(Ok(text)) if plain(text) => Ok(Self(Some(text.to_owned()))),
            Some(_) => Err(Problem::invalid_field(
                "Idempotency-Key",
                "có 8 đến 128 ký tự ASCII nhìn thấy được, ví dụ một UUID",
            )),
        };
        std::future::ready(result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_known_again_behind_any_proxy() {
        for tag in [
            "\"12\"",
            " \"12\" ",
            "W/\"12\"",
            "\"12-gzip\"",
            "W/\"12-gzip\"",
            "\"12;gzip\"",
            "\"12--gzip\"",
            "\"12-br\"",
            "\"12-zstd\"",
        ] {
            assert_eq!(own_tag(tag), Some("12"), "{tag}");
        }
        for tag in ["12", "\"12", "W/12", "*", ""] {
            assert_eq!(own_tag(tag), None, "{tag}");
        }
        assert_eq!(own_tag("\"ab12cd\""), Some("ab12cd"));
        assert_ne!(own_tag("\"1-2\""), Some("1"));
    }
}
