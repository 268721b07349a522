//! What the tests beside it share.

/// Has the HTTP client find the cryptography of its TLS, which it wants to have even where nothing is encrypted.
///
/// # Panics
/// Another one is in place.
pub fn provide_cryptography() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| rustls::crypto::ring::default_provider().install_default().unwrap());
}
