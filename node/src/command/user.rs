//! `jiantong user`: accounts from the console, where no administrator has signed in yet. Every act is journalled.

use std::io::{BufRead as _, IsTerminal as _, Write};
use std::sync::Arc;

use anyhow::{Context, bail, ensure};
use clap::{Args, Subcommand};
use jiff::civil::Date;
use kernel::directory::{AccountKind, DirectoryCommand, Post};
use kernel::sealed::Secret;
use service::pages::sign_in::{login_name, passwords};
use service::{App, EntropySource as _};
use store::{Credential, Store};
use web::password::Password;

use crate::clock::{SystemClock, SystemEntropy};
use crate::config::{Config, ListenArgs, NodeArgs};
use crate::start;

use super::serve::DATA;

const EXAMPLES: &str = "\
Examples:
  jiantong user add wang.li --name 'Wang Li' --organisation 130123-zjj --post window-clerk --division window --generate
  jiantong user add qiye1 --name 'Li Qiang' --applicant --represents 91130123MA0001018A < password.txt
  jiantong user passwd wang.li --generate
  jiantong user disable wang.li
  jiantong user list --json";

/// Accounts: add, set a password, disable, list
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct UserArgs {
    #[command(subcommand)]
    command: UserCommand,
}

#[derive(Debug, Subcommand)]
enum UserCommand {
    /// Open an account
    Add {
        /// Name to sign in with
        login: String,
        /// The person's name
        #[arg(long)]
        name: String,
        /// Code of the organisation (an officer)
        #[arg(long, requires = "post", conflicts_with = "applicant")]
        organisation: Option<String>,
        /// Kind of the post, e.g. window-clerk
        #[arg(long)]
        post: Option<String>,
        /// Division of the post
        #[arg(long, default_value = "")]
        division: String,
        /// Someone who applies, not an officer
        #[arg(long)]
        applicant: bool,
        /// Credit codes of organisations that an applicant may file for
        #[arg(long, value_name = "CODE", requires = "applicant")]
        represents: Vec<String>,
        #[command(flatten)]
        secret: SecretArgs,
        #[command(flatten)]
        node: NodeArgs,
    },
    /// Set a password; sessions end
    Passwd {
        /// Name to sign in with
        login: String,
        #[command(flatten)]
        secret: SecretArgs,
        #[command(flatten)]
        node: NodeArgs,
    },
    /// Disable an account; its sessions end
    Disable {
        /// Name to sign in with
        login: String,
        #[command(flatten)]
        node: NodeArgs,
    },
    /// List accounts
    List {
        /// Print one JSON array
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        node: NodeArgs,
    },
}

#[derive(Args, Debug)]
struct SecretArgs {
    /// Make a password and print it once; without this it is read from the standard input
    #[arg(long)]
    generate: bool,
}

/// Runs the command.
pub(crate) fn run(args: &UserArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    let node = match &args.command {
        UserCommand::Add { node, .. }
        | UserCommand::Passwd { node, .. }
        | UserCommand::Disable { node, .. }
        | UserCommand::List { node, .. } => node,
    };
    let config = Config::settle(node, &ListenArgs::default(), DATA)?;
    let options = start::options(&config, false)?;
    if let UserCommand::List { json, .. } = &args.command {
        return list(&Store::open_to_read(options)?, *json, out);
    }
    let store = Store::open(options)?;
    start::runtime()?.block_on(async {
        let (clock, entropy) = (Arc::new(SystemClock), Box::new(SystemEntropy));
        let app = start::app(&config, store, String::new(), false, clock, entropy).await?;
        let done = match &args.command {
            UserCommand::Add { .. } => add(&app, &args.command, out).await,
            UserCommand::Passwd { login, secret, .. } => {
                let credential = credential(&app, login).await?;
                NewPassword::of(login, secret).await?.set(&app, &credential.account, out).await
            }
            UserCommand::Disable { login, .. } => disable(&app, login).await,
            UserCommand::List { .. } => Ok(()),
        };
        app.store().stop();
        done
    })
}

async fn add(app: &App, command: &UserCommand, out: &mut dyn Write) -> anyhow::Result<()> {
    let UserCommand::Add { login, name, organisation, post, division, applicant, represents, secret, .. } = command
    else {
        return Ok(());
    };
    let wanted = login_name(login);
    ensure!(!wanted.is_empty() && wanted.chars().count() <= 64, "a name to sign in with has 1 to 64 characters");
    let known = wanted.clone();
    let taken = app.store().read(move |reader| reader.credential(&known)).await?;
    ensure!(taken.is_none(), "{wanted} exists already");
    let (account, subject) = (app.new_account(), app.new_subject());
    let salt = app.entropy().bytes16();
    let name = Secret { subject, field: "name".to_owned(), salt, value: name.clone() };
    let kind = if *applicant { AccountKind::Applicant } else { AccountKind::Officer };
    let post = match (organisation, post) {
        (Some(organisation), Some(kind)) => Some(seat(app, organisation, kind, division).await?),
        _ => {
            ensure!(*applicant, "an officer needs --organisation and --post; someone who applies needs --applicant");
            None
        }
    };
    // Before the account is opened: a password that does not stand leaves nothing behind.
    let secret = NewPassword::of(login, secret).await?;
    let represents = represents.clone();
    app.direct(DirectoryCommand::OpenAccount { account, kind, subject, name, represents }).await?;
    if let Some(post) = post {
        app.direct(DirectoryCommand::Assign { account, post }).await?;
    }
    secret.set(app, &account.to_string(), out).await
}

async fn seat(app: &App, organisation: &str, kind: &str, division: &str) -> anyhow::Result<Post> {
    let catalog = app.catalog();
    ensure!(catalog.post_kinds.contains_key(kind), "there is no kind of post {kind}");
    let found = catalog.directory.organisations.iter().find(|found| found.code.as_str() == organisation);
    let found = found.with_context(|| format!("the catalog has no organisation {organisation}"))?;
    let valid_from: Date = app.today();
    Ok(Post {
        id: app.new_post(),
        kind: kind.to_owned(),
        organisation: organisation.to_owned(),
        region: found.region,
        division: division.to_owned(),
        valid_from,
        valid_until: None,
    })
}

async fn credential(app: &App, login: &str) -> anyhow::Result<Credential> {
    let wanted = login_name(login);
    let found = app.store().read(move |reader| reader.credential(&wanted)).await?;
    found.with_context(|| format!("nobody signs in as {login}"))
}

async fn disable(app: &App, login: &str) -> anyhow::Result<()> {
    let account = credential(app, login).await?.account;
    app.direct(DirectoryCommand::DisableAccount { account: account.parse()? }).await?;
    app.store().write(move |writes| writes.end_sessions_of(&account, None)).await?;
    Ok(())
}

/// A password that was read, or made, and stands.
struct NewPassword {
    login: String,
    hash: String,
    /// What was made, to be printed once; its owner changes it first.
    generated: Option<String>,
}

impl NewPassword {
    async fn of(login: &str, secret: &SecretArgs) -> anyhow::Result<Self> {
        let generated = secret.generate.then(generated);
        let text = generated.clone().map_or_else(read_password, Ok)?;
        let password = Password::parse(&text)
            .map_err(|complaint| anyhow::anyhow!("{}", complaint.say(web::words::Words::default(), login)))?;
        let hash = passwords().map_err(|fault| anyhow::anyhow!("{fault:?}"))?.hash(&password).await?;
        Ok(Self { login: login_name(login), hash, generated })
    }

    /// Sets it; sessions of the account end.
    async fn set(self, app: &App, account: &str, out: &mut dyn Write) -> anyhow::Result<()> {
        let credential = Credential {
            login: self.login,
            account: account.to_owned(),
            password: self.hash,
            changed_at: app.now().as_microsecond(),
            must_change: self.generated.is_some(),
        };
        let written = app.store().write(move |writes| {
            writes.set_credential(&credential)?;
            writes.end_sessions_of(&credential.account, None).map(|_| ())
        });
        written.await?;
        if let Some(text) = self.generated {
            writeln!(out, "{text}")?;
        }
        Ok(())
    }
}

/// Twenty characters of thirty-two: a hundred bits.
fn generated() -> String {
    const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz023456789";
    let seed = SystemEntropy.seed();
    let letters = seed.iter().take(20).filter_map(|byte| LETTERS.get(usize::from(byte % 32)));
    letters
        .enumerate()
        .flat_map(|(n, letter)| (n > 0 && n % 5 == 0).then_some('-').into_iter().chain([char::from(*letter)]))
        .collect()
}

fn read_password() -> anyhow::Result<String> {
    let input = std::io::stdin();
    if input.is_terminal() {
        bail!("a password on a terminal would be seen: pipe it in, or say --generate");
    }
    let mut line = String::new();
    input.lock().read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

fn list(store: &Store, as_json: bool, out: &mut dyn Write) -> anyhow::Result<()> {
    /// Accounts of one page.
    const PAGE: u32 = 500;
    let runtime = start::runtime()?;
    let (mut after, mut all) = (String::new(), Vec::new());
    loop {
        let from = after.clone();
        let page = runtime.block_on(store.read(move |reader| {
            let accounts = reader.accounts(&from, PAGE)?;
            let logins =
                accounts.iter().map(|account| reader.credentials_of(&account.id)).collect::<Result<Vec<_>, _>>()?;
            Ok(accounts.into_iter().zip(logins).collect::<Vec<_>>())
        }))?;
        let Some((last, _)) = page.last() else { break };
        after.clone_from(&last.id);
        all.extend(page);
    }
    if as_json {
        let value: Vec<_> = all
            .iter()
            .map(|(account, logins)| {
                let logins: Vec<&str> = logins.iter().map(|credential| credential.login.as_str()).collect();
                serde_json::json!({ "account": account.id, "logins": logins, "disabled": account.disabled })
            })
            .collect();
        writeln!(out, "{}", serde_json::to_string_pretty(&value)?)?;
        return Ok(());
    }
    for (account, logins) in all {
        let logins: Vec<&str> = logins.iter().map(|credential| credential.login.as_str()).collect();
        let state = if account.disabled { "  disabled" } else { "" };
        writeln!(out, "{}  {}{state}", account.id, logins.join(" "))?;
    }
    Ok(())
}
