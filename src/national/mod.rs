//! The national portal (Cổng Dịch vụ công Quốc gia): it is told of every change to a dossier whose
//! procedure is integrated with it.

mod carrier;
mod messages;
mod teller;

use std::time::Duration;

pub use carrier::PortalCarrier;
pub use teller::PortalTeller;

/// As whom messages go in the outbox.
const RECIPIENT: &str = "dvcqg";
/// A dossier as it stands.
const DOSSIER: &str = "DongBoHoSoMC";
/// A step of its handling.
const STEP: &str = "CapNhatTienDoHoSoMC";

/// How the portal is reached.
#[derive(Clone)]
pub struct PortalSettings {
    pub url: String,
    pub token: String,
    /// The office's code there (`MaDonVi`).
    pub agency: String,
    /// How long an answer may take.
    pub timeout: Duration,
}

impl std::fmt::Debug for PortalSettings {
    /// Without the token.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PortalSettings({} for {})", self.url, self.agency)
    }
}
