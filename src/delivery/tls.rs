//! Whom to trust: the system's certificates, or those of one file.

use std::path::Path;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::RootCertStore;
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use thiserror::Error;

/// Why nobody can be trusted.
#[derive(Debug, Error)]
pub enum TlsError {
    /// A container image without certificates, mostly.
    #[error(
        "no CA certificates were found on this system: install `ca-certificates`, or name a file of them with `ca-file`"
    )]
    NoRoots,
    /// The file cannot be used.
    #[error("`ca-file` `{0}` holds no certificates that can be read (PEM is expected)")]
    File(String),
    /// The TLS library refused its own defaults.
    #[error("TLS cannot be set up: {0}")]
    Setup(#[from] rustls::Error),
}

/// A client's settings. With a file only its certificates count: who names one means it.
///
/// # Errors
/// There is no certificate to trust.
pub fn client(ca_file: Option<&Path>) -> Result<ClientConfig, TlsError> {
    let found = match ca_file {
        Some(file) => rustls_native_certs::load_certs_from_paths(Some(file), None),
        None => rustls_native_certs::load_native_certs(),
    };
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(found.certs.into_iter().map(CertificateDer::into_owned));
    if added == 0 {
        return Err(ca_file.map_or(TlsError::NoRoots, |file| TlsError::File(file.display().to_string())));
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions()?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}
