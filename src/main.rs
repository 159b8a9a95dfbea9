//! `motcua`: the command line.

use std::process::ExitCode;

/// Quicker than the C library's, and sparing where there are many threads.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // A server lives long; the other commands end before it would matter.
    if std::env::args_os().any(|argument| argument == "serve" || argument == "demo")
        && let Err(error) = begin_sparingly()
    {
        // The attempt has changed how signals are handled: it cannot go on as if nothing had been.
        eprintln!(
            "motcua: không khởi động lại được chương trình ({error}); đặt {OPTION}=0 rồi chạy lại"
        );
        return ExitCode::FAILURE;
    }
    motcua::cli::main()
}

const OPTION: &str = "MIMALLOC_PURGE_DELAY";

/// Gives memory back to the system as soon as it is free: a server takes a fifth less, and is no slower
/// (docs/decisions.md). The allocator reads its options from the environment before `main`, so the program
/// begins once more, as the same process; whoever has chosen an option keeps it. Comes back if there is
/// nothing to begin, or if it could not.
#[cfg(unix)]
fn begin_sparingly() -> std::io::Result<()> {
    use std::os::unix::process::CommandExt;
    use std::path::PathBuf;
    use std::process::Command;

    let mut arguments = std::env::args_os();
    let name = arguments.next().map(PathBuf::from).unwrap_or_default();
    let program = std::env::current_exe().unwrap_or_default();
    // Otherwise it was replaced meanwhile, or something else has loaded it.
    let is_this = program.file_name().is_some() && program.file_name() == name.file_name();
    if std::env::var_os(OPTION).is_some() || !is_this {
        return Ok(());
    }
    let mut again = Command::new(program);
    Err(again.args(arguments).env(OPTION, "0").exec())
}

#[cfg(not(unix))]
fn begin_sparingly() -> std::io::Result<()> {
    Ok(())
}
