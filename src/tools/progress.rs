//! Progress of long work: a bar with rate and time left on a terminal, plain lines elsewhere.
//! Both go to standard error, so that standard output stays the result.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{HumanDuration, ProgressBar, ProgressStyle};

/// Between two plain lines.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// Told how far the work has come.
pub struct Progress {
    what: &'static str,
    bar: Option<ProgressBar>,
    total: u64,
    done: u64,
    started: Instant,
    last_line: Instant,
}

impl Progress {
    /// `what` names the work and its unit, such as `tạo hồ sơ`.
    pub fn new(what: &'static str, total: u64) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template(
                "{msg} {wide_bar} {human_pos}/{human_len} · {per_sec} · còn {eta}",
            );
            let bar = ProgressBar::new(total).with_message(what);
            match style {
                Ok(style) => bar.with_style(style),
                Err(_) => bar,
            }
        });
        let now = Instant::now();
        Self {
            what,
            bar,
            total,
            done: 0,
            started: now,
            last_line: now,
        }
    }

    pub fn add(&mut self, n: u64) {
        self.done += n;
        match &self.bar {
            Some(bar) => bar.inc(n),
            None if self.last_line.elapsed() >= LINE_EVERY => {
                self.last_line = Instant::now();
                let rate = self.rate();
                let left = self.total.saturating_sub(self.done) as f64 / rate.max(1e-9);
                let percent = self.done * 100 / self.total.max(1);
                eprintln!(
                    "{}: {}/{} ({percent}%) · {rate:.0}/s · còn {}",
                    self.what,
                    self.done,
                    self.total,
                    HumanDuration(Duration::from_secs_f64(left.min(1e9))),
                );
            }
            None => {}
        }
    }

    fn rate(&self) -> f64 {
        self.done as f64 / self.started.elapsed().as_secs_f64().max(1e-9)
    }

    /// Says what was done, and how fast.
    pub fn finish(self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        eprintln!(
            "{}: {} trong {:.1} s, {:.0}/s",
            self.what,
            self.done,
            self.started.elapsed().as_secs_f64(),
            self.rate()
        );
    }
}
