//! `motcua demo`: from an empty folder to a served report, in one command.

use clap::Parser;

use crate::cli::{Outcome, scenario, serve};
use crate::config::{Config, Settings};
use crate::domain::role::Role;
use crate::reports::standings::Span;
use crate::reports::{self, Report};
use crate::store::{Store, open_dossiers};
use crate::tools::scenario::loaded_period;
use crate::{acts, views};

#[derive(Parser)]
pub(super) struct Args {
    #[command(flatten)]
    scenario: scenario::LangSon,
    #[command(flatten)]
    serve: serve::Args,
}

pub(super) fn run(args: &Args, config: &Config, settings: &Settings, store: Store) -> Outcome {
    // A demo may lie about for months.
    crate::cli::clock::accept(&store)?;
    let period = match loaded_period(&store)? {
        Some(period) => {
            eprintln!("kịch bản đã có trong {}, không nạp lại", store.url());
            period
        }
        None => {
            args.scenario.load(&store)?;
            loaded_period(&store)?.ok_or("kịch bản nạp xong nhưng không có kỳ báo cáo")?
        }
    };
    let report = reports::cchc::cchc(&store, Span::new(period, None, crate::clock::now())?)?;
    crate::cli::output::write(report.to_text().as_bytes())?;
    if let Some((id, number)) = store.read(open_dossiers::newest_open)? {
        let code = views::look_up::look_up_code(&store, id)?;
        let path = format!("/tra-cuu?so={number}&ma={code}");
        crate::cli::output::write(format!("\nTra cứu thử: {path}\n").as_bytes())?;
    }
    crate::cli::output::write(accounts(&store)?.as_bytes())?;
    let listen = args.serve.listen.unwrap_or(config.listen);
    let mut config = config.clone();
    // Whoever tries it out has no certificate.
    config.server.cookies_over_http |= listen.ip().is_loopback();
    let link = &config.notices.look_up_link;
    config.notices.look_up_link = link.replace(USUAL_ADDRESS, &format!("http://{listen}/"));
    crate::cli::output::write("Trang để đăng nhập: /dang-nhap\n".as_bytes())?;
    serve::run(&args.serve, &config, settings, store)
}

/// Where the links of letters lead as the program comes.
const USUAL_ADDRESS: &str = "http://127.0.0.1:8080/";

/// One member of staff of each role, with a password made now: none of an earlier demo works on.
const STAFF: [(&str, Role, &str); 4] = [
    ("demo.clerk", Role::Clerk, "H37.20.01"),
    ("demo.officer", Role::Officer, "H37.20.01"),
    ("demo.supervisor", Role::Supervisor, "H37"),
    ("demo.administrator", Role::Administrator, "H37"),
];

/// Gives the demo's staff new passwords and tells them.
fn accounts(store: &Store) -> Result<String, Box<dyn std::error::Error>> {
    let mut text = "\nTài khoản dùng thử (mật khẩu mới ở mỗi lần chạy):\n".to_owned();
    for (username, role, unit) in STAFF {
        let password = acts::passwords::generate();
        acts::staff::set_up(store, username, role, unit, &password)?;
        text += &format!(
            "  {username:<20} {password}  ({} tại {unit})\n",
            role.as_str()
        );
    }
    Ok(text)
}
