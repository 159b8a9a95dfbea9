//! `motcua demo`: from an empty folder to a served report, in one command.

use clap::Parser;

use super::{Outcome, scenario, serve};
use crate::citizen;
use crate::config::Config;
use crate::domain::moment::Moment;
use crate::scenario::loaded_period;
use crate::store::{Store, open_dossiers};
use crate::supervision::{self, Report, Span};

#[derive(Parser)]
pub(super) struct Args {
    #[command(flatten)]
    scenario: scenario::LangSon,
    #[command(flatten)]
    serve: serve::Args,
}

pub(super) fn run(args: &Args, config: &Config, store: Store) -> Outcome {
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
    let report = supervision::cchc(&store, Span::new(period, None, Moment::now())?)?;
    super::output::write(report.to_text().as_bytes())?;
    if let Some((id, number)) = store.read(open_dossiers::newest_open)? {
        let code = citizen::look_up_code(&store, id)?;
        let path = format!("/api/v1/lookup?case_number={number}&code={code}");
        super::output::write(format!("\nTra cứu thử: {path}\n").as_bytes())?;
    }
    serve::run(&args.serve, config, store)
}
