//! Settings of `xhttp`: which function of the script an HTTP request runs.

use bstr::BStr;
use regex::bytes::Regex;

/// The settings.
#[derive(Debug)]
pub(crate) struct Xhttp {
    callback: String,
    url_match: Option<Regex>,
    url_skip: Option<Regex>,
}

impl Default for Xhttp {
    /// The name that scripts give to this function by habit: a script that has it wants it to run.
    fn default() -> Self {
        Self { callback: "ksr_xhttp_event".into(), url_match: None, url_skip: None }
    }
}

/// What is wrong with a setting.
#[derive(Debug, thiserror::Error)]
pub(crate) enum XhttpError {
    #[error("this parameter is unknown; known are event_callback, url_match and url_skip")]
    Unknown,
    #[error("the name of a function is expected")]
    NoName,
    #[error("no regular expression: {0}")]
    Regex(#[from] regex::Error),
}

impl Xhttp {
    pub(crate) fn set(&mut self, name: &str, value: &str) -> Result<(), XhttpError> {
        match name {
            "event_callback" if value.is_empty() => return Err(XhttpError::NoName),
            "event_callback" => self.callback = value.into(),
            "url_match" => self.url_match = Some(Regex::new(value)?),
            "url_skip" => self.url_skip = Some(Regex::new(value)?),
            _ => return Err(XhttpError::Unknown),
        }
        Ok(())
    }

    /// The function to run for this target; `None` where the expressions leave it out.
    pub(crate) fn callback(&self, url: &BStr) -> Option<&str> {
        let matches = self.url_match.as_ref().is_none_or(|regex| regex.is_match(url));
        let skipped = self.url_skip.as_ref().is_some_and(|regex| regex.is_match(url));
        (matches && !skipped).then_some(&self.callback)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_leave_targets_out() {
        let mut xhttp = Xhttp::default();
        assert_eq!(xhttp.callback("/x".into()), Some("ksr_xhttp_event"));
        xhttp.set("event_callback", "on_http").expect("a name");
        xhttp.set("url_match", "^/(rpc|stats)").expect("an expression");
        xhttp.set("url_skip", "secret").expect("an expression");
        assert_eq!(xhttp.callback("/stats?x".into()), Some("on_http"));
        assert_eq!((xhttp.callback("/x".into()), xhttp.callback("/rpc/secret".into())), (None, None));
        for (name, value) in [("event_callback", ""), ("url_match", "("), ("port", "80")] {
            assert!(xhttp.set(name, value).is_err(), "{name}");
        }
    }
}
