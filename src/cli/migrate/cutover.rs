//! Following a source, and the end of a migration: nobody writes to the source any more, what is missing is copied and compared, and the
//! target takes writes. What takes long is done before that; meanwhile only what has changed is read again.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::try_join;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::arguments::CopyArguments;
use super::copy::{self, CopyOutcome, RegistrySides};
use super::feed::{Changed, Feed};
use super::interruption::Left;
use super::known::{self, KnownVersions};
use super::modes::{self, Before};
use super::outline::{self, RegistryOutline};
use super::say;
use super::source::MigrationSource;
use super::values::{GLOBAL, is_subject};
use super::verify::VerificationReport;
use crate::cli::api::Api;
use crate::cli::check::InputError;

/// How often what has changed meanwhile is copied before the source is closed, and how little is left for the time when it is.
const ROUNDS: usize = 20;
const FEW: usize = 20;
/// Subjects whose settings are read while nobody can write: at two requests for each, some tenths of a second.
const FEW_SETTINGS: usize = 500;

/// Copies again and again what has changed, until it is stopped.
pub(super) async fn follow(
    from: &MigrationSource,
    to: &Api,
    asked: &CopyArguments,
    every: Duration,
    left: &Left,
) -> Result<(), InputError> {
    left.fills(&to.url());
    let mut feed = None;
    loop {
        match once(from, to, asked, &mut feed).await {
            Ok(outcome) if outcome.is_nothing() => {}
            Ok(outcome) => say(&outcome.to_string())?,
            Err(error) => {
                feed = None;
                say(&format!("{error}; tried again in {} s", every.as_secs()))?;
            }
        }
        tokio::time::sleep(every).await;
    }
}

/// Everything the first time; then what the record of the source says, where it has one.
async fn once(
    from: &MigrationSource,
    to: &Api,
    asked: &CopyArguments,
    feed: &mut Option<Feed>,
) -> Result<CopyOutcome, InputError> {
    let MigrationSource::Registry(api) = from else { return Err(InputError::new("only a server can be followed")) };
    if let Some(known) = feed.as_mut().filter(|feed| feed.is_record())
        && let Some(changed) = known.changed(api, &asked.prefix).await?
    {
        return if changed.is_nothing() { Ok(CopyOutcome::default()) } else { Ok(copied(api, to, asked, &changed).await?.0) };
    }
    // from before it is read
    let begun = Feed::begin(api, &asked.prefix).await?;
    modes::take_imports(from, to, &asked.prefix).await?;
    let outcome = copy::everything(from, to, asked).await?;
    *feed = Some(begun);
    Ok(outcome)
}

/// The outlines of some subjects.
async fn outlines(api: &Api, subjects: &BTreeSet<String>, parallel: u16) -> Result<RegistryOutline, InputError> {
    let read = async |subject: &String| Ok::<_, InputError>((subject.clone(), outline::of_subject(api, subject).await?));
    let found: Vec<_> = stream::iter(subjects).map(read).buffer_unordered(usize::from(parallel)).try_collect().await?;
    Ok(found.into_iter().filter(|(_, versions)| versions.all().next().is_some()).collect())
}

/// Copies what has changed; with the source's outline of it.
async fn copied(
    from: &Api,
    to: &Api,
    asked: &CopyArguments,
    changed: &Changed,
) -> Result<(CopyOutcome, RegistryOutline), InputError> {
    let subjects: BTreeSet<String> = changed.subjects().cloned().collect();
    let (ours, theirs) = try_join(outlines(from, &subjects, asked.parallel), outlines(to, &subjects, asked.parallel)).await?;
    let sides = RegistrySides { ours: ours.clone(), theirs, scopes: changed.set(), keys: changed.keys };
    Ok((copy::between(&MigrationSource::Registry(from.clone()), to, sides, asked).await?, ours))
}

/// What both sides say.
struct BothSides {
    ours: KnownVersions,
    theirs: KnownVersions,
}

impl BothSides {
    async fn all(from: &Api, to: &Api, asked: &CopyArguments) -> Result<Self, InputError> {
        let ours = KnownVersions::read(from, asked, &BTreeSet::new()).await?;
        let theirs = KnownVersions::read(to, asked, &ours.rest.scopes()).await?;
        Ok(Self { ours, theirs })
    }

    /// Copies what has changed, and reads that again on both sides.
    async fn catch_up(
        &mut self,
        from: &Api,
        to: &Api,
        asked: &CopyArguments,
        changed: &Changed,
    ) -> Result<CopyOutcome, InputError> {
        if changed.is_nothing() {
            return Ok(CopyOutcome::default());
        }
        let (outcome, ours) = copied(from, to, asked, changed).await?;
        let subjects: BTreeSet<String> = changed.subjects().cloned().collect();
        let theirs = outlines(to, &subjects, asked.parallel).await?;
        try_join(self.ours.read_again(from, changed, &ours, asked), self.theirs.read_again(to, changed, &theirs, asked)).await?;
        Ok(outcome)
    }

    /// What is looked at while nobody can write, where the source does not tell which settings have changed: the registry, contexts, and
    /// subjects that have settings, as far as these are few.
    fn few_with_settings(&self, prefix: &str) -> BTreeSet<String> {
        let mut scopes: BTreeSet<String> = self.ours.rest.scopes();
        if scopes.len() > FEW_SETTINGS {
            scopes.retain(|scope| !is_subject(scope));
        }
        scopes.extend(self.ours.contexts());
        if prefix.is_empty() {
            scopes.extend([String::new(), GLOBAL.to_owned()]);
        }
        scopes
    }

    /// The settings of all other subjects, which nobody can change at the source any more: what was changed before that is copied.
    async fn settings_of_others(
        &mut self,
        from: &Api,
        to: &Api,
        asked: &CopyArguments,
        seen: &BTreeSet<String>,
    ) -> Result<(), InputError> {
        let others: BTreeSet<String> = self.ours.subjects().difference(seen).cloned().collect();
        let scopes = self.ours.rest.read_settings(from, &RegistryOutline::new(), &others, asked.parallel).await?;
        if scopes.is_empty() {
            return Ok(());
        }
        let sides =
            RegistrySides { ours: RegistryOutline::new(), theirs: RegistryOutline::new(), scopes: scopes.clone(), keys: false };
        let outcome = copy::between(&MigrationSource::Registry(from.clone()), to, sides, asked).await?;
        say(&format!("settings that were changed in the last moment: {outcome}"))?;
        self.theirs.rest.read_settings(to, &RegistryOutline::new(), &scopes, asked.parallel).await.map(drop)
    }
}

/// Ends a migration; where both sides differed when nobody could write.
pub(super) async fn cut_over(from: &Api, to: &Api, asked: &CopyArguments, left: &Left) -> Result<VerificationReport, InputError> {
    let source = MigrationSource::Registry(from.clone());
    if !modes::can_be_set(from).await? {
        return Err(from.failed(
            "has no modes that can be set, so it can't be closed: stop who writes to it, and copy without --cutover, after which the \
             target takes writes",
        ));
    }
    left.fills(&to.url());
    modes::take_imports(&source, to, &asked.prefix).await?;
    let mut feed = Feed::begin(from, &asked.prefix).await?;
    say(&copy::everything(&source, to, asked).await?.to_string())?;
    let mut read = BothSides::all(from, to, asked).await?;
    for _ in 0..ROUNDS {
        let Some(changed) = feed.changed(from, &asked.prefix).await? else { break };
        let outcome = read.catch_up(from, to, asked, &changed).await?;
        if !outcome.is_nothing() {
            say(&outcome.to_string())?;
        }
        if changed.scopes.len() <= FEW {
            break;
        }
    }
    say(&known::report(&read.ours, &read.theirs).summary())?;
    let open = read.ours.rest.modes.iter().filter(|(_, mode)| *mode != "READONLY");
    for (subject, mode) in open {
        say(&format!("{subject} has the mode {mode} of its own, whatever that of the source is: it is not closed"))?;
    }
    let contexts = read.ours.contexts();
    let modes = modes::of(&source, &contexts).await?;
    let began = tokio::time::Instant::now();
    left.closes(&from.url());
    modes::close(from, &modes, &contexts).await?;
    say(&format!("{} is read-only from now on", from.url()))?;
    let mut seen = BTreeSet::new();
    let changed = feed.changed(from, &asked.prefix).await?.map(|mut changed| {
        if !feed.is_record() {
            seen = read.few_with_settings(&asked.prefix);
            changed.settings.clone_from(&seen);
            changed.keys = true;
        }
        changed
    });
    // a record that does not say that the source was just closed is not kept any more
    if let Some(changed) = changed.filter(|changed| changed.is_mode_set || !feed.is_record()) {
        say(&read.catch_up(from, to, asked, &changed).await?.to_string())?;
    } else {
        say("the source does not tell what has changed: all of it is compared again")?;
        say(&copy::everything(&source, to, asked).await?.to_string())?;
        read = BothSides::all(from, to, asked).await?;
    }
    // whatever it was in before: it takes writes from now on
    modes::give_back(to, &Before::new(), &modes, &read.ours.contexts()).await?;
    left.is_done();
    say(&format!("{} takes writes; nobody could write for {:.1} s", to.url(), began.elapsed().as_secs_f64()))?;
    if matches!(feed, Feed::Listing(_)) {
        read.settings_of_others(from, to, asked, &seen).await?;
    }
    known::explained(from, to, &read.ours, &read.theirs).await
}
