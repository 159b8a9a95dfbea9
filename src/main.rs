//! `motcua`: the command line.

use std::process::ExitCode;

/// Quicker than the C library's, and sparing where there are many threads.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    motcua::cli::main()
}
