//! `motcua`: the command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    motcua::cli::main()
}
