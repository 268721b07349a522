//! Configs and modes.

use reqwest::Method;
use serde_json::{Map, Value, json};

use super::CommandOutput;
use super::arguments::{ConfigArguments, ModeArguments};
use super::read::pretty;
use crate::cli::api::{ScopeSetting, block_on};
use crate::cli::check::InputError;

pub(super) fn config(asked: &ConfigArguments) -> Result<CommandOutput, InputError> {
    let api = asked.place.api()?;
    let path = ScopeSetting::Config.path(asked.subject.as_deref());
    let mut change = Map::new();
    if let Some(level) = &asked.level {
        change.insert("compatibility".to_owned(), level.to_uppercase().into());
    }
    for pair in &asked.set {
        let (key, value) = pair
            .split_once('=')
            .filter(|(key, _)| !key.is_empty())
            .ok_or_else(|| InputError::new(format!("--set {pair}: expected KEY=VALUE")))?;
        change.insert(key.to_owned(), serde_json::from_str(value).unwrap_or_else(|_| value.into()));
    }
    change.extend(asked.unset.iter().map(|key| (key.clone(), Value::Null)));
    let answer = block_on(async {
        if asked.delete {
            return api.demand(Method::DELETE, &path, None).await;
        }
        if !change.is_empty() {
            return api.demand(Method::PUT, &path, Some(&change.into())).await;
        }
        let query = if asked.effective { "?defaultToGlobal=true" } else { "" };
        api.demand(Method::GET, &format!("{path}{query}"), None).await
    })?;
    Ok(CommandOutput::plain(pretty(&answer)))
}

pub(super) fn mode(asked: &ModeArguments) -> Result<CommandOutput, InputError> {
    let api = asked.place.api()?;
    let path = ScopeSetting::Mode.path(asked.subject.as_deref());
    let answer = block_on(async {
        match &asked.set {
            Some(mode) => {
                let query = if asked.force { "?force=true" } else { "" };
                api.demand(Method::PUT, &format!("{path}{query}"), Some(&json!({ "mode": mode.to_uppercase() }))).await
            }
            None if asked.delete => api.demand(Method::DELETE, &path, None).await,
            None => {
                let query = if asked.subject.is_some() { "?defaultToGlobal=true" } else { "" };
                api.demand(Method::GET, &format!("{path}{query}"), None).await
            }
        }
    })?;
    Ok(CommandOutput::plain(pretty(&answer)))
}
