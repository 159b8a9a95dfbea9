//! `motcua`: the command line.

use std::process::ExitCode;

/// Quicker than the C library's, and sparing where there are many threads.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // A server lives long; the other commands end before it would matter.
    if std::env::args_os().any(|argument| argument == "serve") {
        begin_sparingly();
    }
    motcua::cli::main()
}

/// Gives memory back to the system as soon as it is free: a server takes a fifth less, and is no slower
/// (docs/decisions.md). The allocator reads its options from the environment before `main`, so the program
/// begins once more, as the same process; whoever has chosen an option keeps it.
#[cfg(unix)]
fn begin_sparingly() {
    use std::os::unix::process::CommandExt;
    use std::process::Command;

    const OPTION: &str = "MIMALLOC_PURGE_DELAY";
    if std::env::var_os(OPTION).is_some() {
        return;
    }
    if let Ok(program) = std::env::current_exe() {
        // Returns only if it could not begin again: then it goes on as it is.
        let _ = Command::new(program)
            .args(std::env::args_os().skip(1))
            .env(OPTION, "0")
            .exec();
    }
}

#[cfg(not(unix))]
fn begin_sparingly() {}
