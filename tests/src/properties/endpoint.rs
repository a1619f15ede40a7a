//! Properties of the text of endpoints.

use zmtp_mio::Endpoint;

/// A parsed endpoint is displayed as an equivalent text; the error about any other text quotes it.
pub fn endpoints_round_trip(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    match text.parse::<Endpoint>() {
        Ok(endpoint) => {
            let written = endpoint.to_string();
            assert_eq!(written.parse(), Ok(endpoint), "{text:?} is written {written:?}");
            let (transport, _) = text.split_once("://").expect("endpoints name their transport");
            assert!(written.starts_with(&format!("{transport}://")));
        }
        Err(error) => {
            let message = error.to_string();
            assert!(
                message.contains(&format!("{text:?}")) && message.contains("expected"),
                "{message}"
            );
        }
    }
}
