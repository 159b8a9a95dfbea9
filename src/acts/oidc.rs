//! Logging in through an OpenID Connect provider: code flow with PKCE. The provider says who
//! somebody is; whether there is an account for them, and what it may do, is ours to say: accounts
//! are matched by the provider's subject, never made.

use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreErrorResponseType, CoreProviderMetadata,
};
use openidconnect::{
    AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret, CsrfToken,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, HttpRequest, HttpResponse, IssuerUrl, Nonce,
    PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError,
    SignatureVerificationError, TokenResponse,
};

use crate::acts::access::{new_secret, secret_hash};
use crate::acts::sessions::{Begun, begin_session};
use crate::domain::moment::Moment;
use crate::error::Error;
use crate::http_client;
use crate::store::limits::{Limits, address_key};
use crate::store::{Store, oidc_logins, rate_limits, users};

/// How the provider is reached.
#[derive(Clone)]
pub struct OidcSettings {
    pub issuer: IssuerUrl,
    pub client_id: ClientId,
    pub client_secret: Option<ClientSecret>,
    /// Our own `/api/v1/oidc/callback`, as the provider knows it.
    pub redirect: RedirectUrl,
}

impl std::fmt::Debug for OidcSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OidcSettings({})", *self.issuer)
    }
}

/// How long what the provider publishes of itself is kept: its keys change now and then.
const KEPT: Duration = Duration::from_secs(600);

/// How long a call to the provider may take.
const CALL: Duration = Duration::from_secs(10);

/// How long somebody may take at the provider.
const PATIENCE_MILLIS: i64 = 10 * 60 * 1000;

/// A provider.
pub struct Oidc {
    settings: OidcSettings,
    metadata: Mutex<Option<(Instant, CoreProviderMetadata)>>,
}

type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

fn failed(error: impl std::error::Error + 'static) -> Error {
    Error::Provider(chain(&error))
}

/// What the provider sends the browser back with, and what the browser had from us.
pub struct Answer {
    pub state: String,
    pub code: String,
    /// Who the provider says it is (RFC 9207); not all say so.
    pub issuer: Option<String>,
    /// The secret that [`Oidc::begin`] gave the browser.
    pub browser: String,
}

/// Where somebody wants to come in. One address of ours is known to the provider; by this the answer finds its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    Api,
    /// The log-in page, for a browser's cookie.
    Page,
}

impl Door {
    /// How the state of a log-in on the page begins; no random one does.
    const PAGE: &'static str = "page.";

    /// Where the log-in of that state was begun.
    pub fn of(state: &str) -> Self {
        match state.starts_with(Self::PAGE) {
            true => Self::Page,
            false => Self::Api,
        }
    }

    fn new_state(self) -> CsrfToken {
        let state = CsrfToken::new_random();
        match self {
            Self::Api => state,
            Self::Page => CsrfToken::new(format!("{}{}", Self::PAGE, state.secret())),
        }
    }
}

/// A log-in that has begun.
pub struct Redirect {
    /// Where to send the browser.
    pub address: String,
    /// For a cookie: whoever comes back has to be who was sent (RFC 9700, 4.7).
    pub browser: String,
}

/// What a log-in is known by: neither half is kept as it is.
fn key(state: &str, browser: &str) -> Vec<u8> {
    secret_hash(&format!("{state}\n{browser}")).to_vec()
}

impl Oidc {
    pub const fn new(settings: OidcSettings) -> Self {
        Self {
            settings,
            metadata: Mutex::new(None),
        }
    }

    /// Whether browsers come back to us over TLS, so that a cookie may insist on it.
    pub fn is_reached_by_tls(&self) -> bool {
        self.settings.redirect.url().scheme() == "https"
    }

    /// The client for what the provider publishes of itself; read anew if that is older than `than`.
    fn client(&self, than: Duration) -> Result<Client, Error> {
        let kept = || self.metadata.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = kept()
            .as_ref()
            .filter(|(read, _)| read.elapsed() < than)
            .map(|(_, metadata)| metadata.clone());
        let metadata = match fresh {
            Some(metadata) => metadata,
            None => {
                let metadata =
                    CoreProviderMetadata::discover(&self.settings.issuer, &call).map_err(failed)?;
                *kept() = Some((Instant::now(), metadata.clone()));
                metadata
            }
        };
        let settings = self.settings.clone();
        let client = CoreClient::from_provider_metadata(
            metadata,
            settings.client_id,
            settings.client_secret,
        );
        Ok(client.set_redirect_uri(settings.redirect))
    }

    /// Begins a log-in.
    ///
    /// # Errors
    /// If too many were begun from the address, or the provider or the database does not answer.
    pub fn begin(
        &self,
        store: &Store,
        door: Door,
        address: IpAddr,
        limits: Limits,
        now: Moment,
    ) -> Result<Redirect, Error> {
        let from = from_key(address);
        store.write(move |conn| {
            match rate_limits::count(conn, &from, limits.log_in_address, now)? {
                Some(until) => Err(Error::too_many_tries(until)),
                None => Ok(()),
            }
        })?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (url, state, nonce) = self
            .client(KEPT)?
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                move || door.new_state(),
                Nonce::new_random,
            )
            .set_pkce_challenge(challenge)
            .url();
        let (verifier, nonce) = (verifier.into_secret(), nonce.secret().clone());
        let browser = new_secret();
        let key = key(state.secret(), &browser);
        store.write(move |conn| {
            let begun = oidc_logins::Begun {
                verifier: verifier.clone(),
                nonce: nonce.clone(),
            };
            let until = now.plus_millis(PATIENCE_MILLIS);
            Ok::<_, Error>(oidc_logins::insert(conn, &key, &begun, until)?)
        })?;
        Ok(Redirect {
            address: url.to_string(),
            browser,
        })
    }

    /// The browser comes back with the provider's answer: a session for whoever the provider
    /// vouches for.
    ///
    /// # Errors
    /// If the answer belongs to no log-in that was begun with this browser, the provider does not
    /// vouch for it or does not answer, or nobody here has that subject.
    pub fn finish(
        &self,
        store: &Store,
        answer: Answer,
        address: IpAddr,
        agent: String,
        (lasts, limits): (Duration, Limits),
        now: Moment,
    ) -> Result<Begun, Error> {
        let refused = |reason: &str| Error::NotVouched(reason.to_owned());
        let key = key(&answer.state, &answer.browser);
        let begun = store.write(move |conn| Ok::<_, Error>(oidc_logins::take(conn, &key, now)?))?;
        let begun = begun.ok_or_else(|| refused("no such log-in, or it has expired"))?;
        if answer
            .issuer
            .is_some_and(|issuer| issuer != **self.settings.issuer)
        {
            return Err(refused("another issuer"));
        }
        let tokens = self
            .client(KEPT)?
            .exchange_code(AuthorizationCode::new(answer.code))
            .map_err(failed)?
            .set_pkce_verifier(PkceCodeVerifier::new(begun.verifier))
            .request(&call)
            .map_err(|error| match &error {
                // The code is not one of this log-in's; all else is between the provider and us.
                RequestTokenError::ServerResponse(response)
                    if *response.error() == CoreErrorResponseType::InvalidGrant =>
                {
                    Error::NotVouched(chain(&error))
                }
                _ => failed(error),
            })?;
        let token = tokens.id_token().ok_or_else(|| refused("no id_token"))?;
        let nonce = Nonce::new(begun.nonce);
        let verify = |client: &Client| {
            let claims = token.claims(&client.id_token_verifier(), &nonce);
            claims.map(|claims| claims.subject().to_string())
        };
        let subject = verify(&self.client(KEPT)?).or_else(|error| {
            // Its keys may be newer than what is kept of them (OpenID Connect Core, 10.1.1).
            let unknown_key = matches!(
                &error,
                ClaimsVerificationError::SignatureVerification(
                    SignatureVerificationError::NoMatchingKey
                )
            );
            let again = unknown_key
                .then(|| self.client(Duration::ZERO))
                .transpose()?;
            let verified = again.map_or(Err(error), |client| verify(&client));
            verified.map_err(|error| Error::NotVouched(chain(&error)))
        })?;
        let account = store.read(|conn| Ok::<_, Error>(users::by_subject(conn, &subject)?))?;
        let user = account
            .map(|account| account.user)
            .filter(|user| user.disabled_at.is_none())
            .ok_or_else(|| refused("no account has that subject"))?;
        let begun = begin_session(store, user, address, agent, lasts, now)?;
        // Only what leads nowhere counts.
        let from = from_key(address);
        store.write(move |conn| {
            let taken_back = rate_limits::uncount(conn, &from, limits.log_in_address);
            Ok::<_, Error>(taken_back?)
        })?;
        Ok(begun)
    }
}

fn from_key(address: IpAddr) -> String {
    format!("oidc-from:{}", address_key(address))
}

/// An error with what caused it: the outer one alone often says nothing.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// One request to the provider. Redirects are not followed: the library asks for what it wants.
fn call(request: HttpRequest) -> Result<HttpResponse, CallError> {
    let agent: ureq::Agent = http_client::agent(CALL).build().into();
    let (parts, mut body) = agent.run(request)?.into_parts();
    let body = body.with_config().limit(1 << 20).read_to_vec()?;
    Ok(HttpResponse::from_parts(parts, body))
}

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct CallError(#[from] ureq::Error);
