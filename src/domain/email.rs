//! E-mail addresses: what is taken at a door is what the way out can send to.

use crate::domain::text::clean;
use crate::domain::typed::unlabelled;

/// The longest address that mail servers carry (RFC 5321).
const MOST: usize = 254;

/// A text is no address that a letter can reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("địa chỉ thư điện tử không đúng: cần dạng ten@example.vn, chữ không dấu")]
pub struct NoEmail;

/// The address as it is kept. It is read by the parser of what sends letters (lettre); beyond that it has plain letters
/// only, which every mail server carries, no quotes, and a host of the public internet.
///
/// # Errors
/// If no letter can be sent to it.
pub fn read(text: &str) -> Result<String, NoEmail> {
    let text = clean(text);
    // A full stop may belong to an address that was cut off.
    if text.trim_end().ends_with('.') {
        return Err(NoEmail);
    }
    let text = unlabelled(&text);
    let address: lettre::Address = text.parse().map_err(|_| NoEmail)?;
    let plain = text.len() <= MOST && text.bytes().all(|b| b.is_ascii_graphic() && b != b'"');
    let last = address.domain().rsplit_once('.').map(|(_, last)| last);
    let is_name = last
        .is_some_and(|last| last.len() > 1 && last.bytes().any(|b| b.is_ascii_alphabetic()))
        && !address.domain().contains('_');
    match plain && is_name && !address.domain().ends_with(']') {
        true => Ok(text.to_owned()),
        false => Err(NoEmail),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_can_be_sent_to() {
        for (typed, kept) in [
            ("anh@example.vn", "anh@example.vn"),
            (
                " Anh.Nguyen+hs@mail.example.vn ",
                "Anh.Nguyen+hs@mail.example.vn",
            ),
            ("\u{feff}anh\u{200b}@example.vn\u{a0}", "anh@example.vn"),
            ("ａｎｈ＠example.vn", "anh@example.vn"),
            ("Email: anh@example.vn,", "anh@example.vn"),
            ("email.cua.anh@example.vn", "email.cua.anh@example.vn"),
            ("thu1@example.vn", "thu1@example.vn"),
            ("Thu-12.lan@example.vn", "Thu-12.lan@example.vn"),
            ("mail+1@example.vn;", "mail+1@example.vn"),
            ("mailto:dt1@example.vn", "dt1@example.vn"),
            ("Thư: thu1@example.vn", "thu1@example.vn"),
        ] {
            assert_eq!(read(typed).as_deref(), Ok(kept), "{typed}");
            let mailbox = lettre::message::Mailbox::new(None, kept.parse().unwrap());
            lettre::Message::builder()
                .from("motcua@example.vn".parse().unwrap())
                .to(mailbox)
                .body(String::new())
                .unwrap();
        }
    }

    #[test]
    fn what_no_letter_reaches_is_refused() {
        let long = format!("{}@example.vn", "a".repeat(300));
        for none in [
            "",
            "anh",
            "anh@",
            "@example.vn",
            "a@b",
            "anh@example.v",
            "anh@my_host.vn",
            "anh..x@example.vn",
            ".anh@example.vn",
            "<k8@example.vn>",
            "Ánh <anh@example.vn>",
            "k13@-example.vn",
            "k14@example.vn.",
            "k15@example..vn",
            "ánh@example.vn",
            "anh@vídụ.vn",
            "\"anh b\"@example.vn",
            "anh@127.0.0.1",
            "anh@[127.0.0.1]",
            "a b@example.vn",
            "a@b@example.vn",
            "a@example.vn,b@example.vn",
            &long,
        ] {
            assert_eq!(read(none), Err(NoEmail), "{none}");
        }
    }
}
