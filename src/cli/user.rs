//! `motcua user`: accounts at the machine, where the first administrator comes from.

use std::io::{BufRead, IsTerminal, Read};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::acts;
use crate::acts::passwords::MOST_BYTES;
use crate::acts::staff::NewStaff;
use crate::cli::Outcome;
use crate::domain::role::Role;
use crate::store::Store;

#[derive(Subcommand)]
pub(super) enum Args {
    /// Thêm tài khoản.
    Add(Add),
    /// Đặt lại mật khẩu; mọi phiên đăng nhập của tài khoản kết thúc.
    Password(Password),
}

#[derive(Parser)]
pub(super) struct Add {
    /// Tên đăng nhập: 3 đến 64 chữ cái không dấu, chữ số, '.', '-', '_'.
    #[arg(long)]
    username: String,
    /// Họ và tên; mặc định là tên đăng nhập.
    #[arg(long)]
    full_name: Option<String>,
    /// clerk, officer, supervisor, administrator hay viewer (chỉ xem).
    #[arg(long, value_parser = role)]
    role: Role,
    /// Mã đơn vị, ví dụ H37: tài khoản có quyền trong đơn vị này và các đơn vị trực thuộc.
    #[arg(long)]
    unit: String,
    /// Định danh (sub) tại nhà cung cấp OpenID Connect.
    #[arg(long)]
    oidc_subject: Option<String>,
    /// Thư điện tử công vụ.
    #[arg(long)]
    email: Option<String>,
    /// Đọc mật khẩu từ đầu vào chuẩn (một dòng). Không có thì tài khoản không có mật khẩu.
    #[arg(long)]
    password_stdin: bool,
}

#[derive(Parser)]
pub(super) struct Password {
    #[arg(long)]
    username: String,
    /// Đọc mật khẩu từ đầu vào chuẩn (một dòng).
    #[arg(long, required = true)]
    password_stdin: bool,
}

fn role(text: &str) -> Result<Role, String> {
    text.parse().map_err(|()| {
        let names = Role::ALL.map(Role::as_str).join(", ");
        format!("phải là một trong: {names}")
    })
}

/// The first line of standard input.
fn read_password() -> Result<String, Box<dyn std::error::Error>> {
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        eprintln!("Nhập mật khẩu rồi Enter (sẽ hiện trên màn hình; nên dùng đường ống):");
    }
    let most = u64::try_from(MOST_BYTES + 2).unwrap_or(u64::MAX);
    let mut line = String::new();
    stdin
        .lock()
        .take(most)
        .read_line(&mut line)
        .map_err(|error| format!("không đọc được mật khẩu từ đầu vào chuẩn: {error}"))?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

pub(super) fn run(args: &Args, store: &Store) -> Outcome {
    match args {
        Args::Add(add) => {
            let password = add.password_stdin.then(read_password).transpose()?;
            if password.is_none() && add.oidc_subject.is_none() {
                return Err("cần --password-stdin hoặc --oidc-subject".into());
            }
            let new = NewStaff {
                username: add.username.clone(),
                full_name: add
                    .full_name
                    .clone()
                    .unwrap_or_else(|| add.username.clone()),
                role: add.role,
                unit: add.unit.clone(),
                oidc_subject: add.oidc_subject.clone(),
                email: add.email.clone(),
                password,
            };
            let user = acts::staff::create(store, new, None, None, crate::clock::now())?;
            let line = format!(
                "đã thêm {} ({}) tại {}\n",
                user.username,
                user.role.as_str(),
                add.unit
            );
            crate::cli::output::write(line.as_bytes())?;
        }
        Args::Password(args) => {
            let user = acts::staff::set_password(store, &args.username, &read_password()?)?;
            let line = format!("đã đặt lại mật khẩu của {}\n", user.username);
            crate::cli::output::write(line.as_bytes())?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
