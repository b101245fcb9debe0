### What is said when the rules say no: what is wrong, what to do, the article. Keys are refusal-<code>.

refusal-post-not-held = Your post has ended or the account is disabled. Sign in again with a post in force, or ask your office's administrator.
refusal-forbidden = Your post has no power for this. Let the post of this step do it, or ask your office's administrator.
refusal-not-found = Not found, or not within your area. Check the number.
refusal-wrong-stage = The case is now “{ $stage }”; this cannot be done. Reload the case to see where it stands.
refusal-task-closed = This step is finished. Go back to the inbox for other cases.
refusal-task-taken = A colleague has claimed this step. Take another, or ask them to give it back.
refusal-task-not-yours = You did not claim this step, so you cannot give it back.
refusal-duties-separated = You did “{ $did }” in this case and may not do “{ $now }”. Let someone else do it (separation of duties; Administrative Licensing Law, art. 48).
refusal-administrators-separated = The three administrators must be three different people. Choose someone else.
refusal-unknown-outcome = This step has no outcome “{ $outcome }”. Reload the page and choose again.
refusal-reason-missing = This outcome needs a reason (Administrative Licensing Law, art. 38(2)). Write it and submit again.
refusal-article-missing = This outcome needs its legal basis. Name the article and submit again.
refusal-text-too-long = The text is longer than { $max } characters. Shorten it, or attach a file.
refusal-supplement-asked-already = A supplement was asked for; the law allows one notice (Administrative Licensing Law, art. 32(1)(4)). Accept, or do not accept, on what is there.
refusal-supplement-empty = A supplement notice lists everything that is missing (Administrative Licensing Law, art. 32(1)(4)). Choose at least one item.
refusal-supplement-incomplete = Still missing: { $missing }. Add it and submit again.
refusal-supplement-beyond = Only what the notice lists can be changed; “{ $target }” is not in it. Undo that change.
refusal-paused-already = The clock is stopped already.
refusal-not-paused = The clock is running.
refusal-pause-not-allowed = Only the eight procedures of art. 45 of the Administrative Licensing Law, and of them those of this matter, stop the clock.
refusal-paused = Nothing is decided while the clock stands still. Resume it when the procedure is over (Administrative Licensing Law, art. 45).
refusal-extended-already = A limit is extended once (Administrative Licensing Law, art. 42(1)); this one was.
refusal-extension-not-allowed = This matter has no extension. Decide within its limit.
refusal-pause-days = Say how many working days it will take, from 1 to { $max }.
refusal-acceptance-deemed = The five working days are over: the application counts as accepted (Administrative Licensing Law, art. 32). Reload the page and go on.
refusal-own-case = You are the applicant of this case or act for the applicant; somebody else has to handle it.
refusal-supplement-twice = The notice names { $target } twice. Put the lines together and send again.
refusal-certificate-pending = The certificate is not made yet. Please deliver it later.
refusal-signer-missing = Say who signed for it.
refusal-renewal-late = A renewal is asked for by { $latest } at the latest (Administrative Licensing Law, art. 50). Apply for a new licence.
refusal-renewal-deemed = Nobody decided before the term ended, so the licence counts as renewed (Administrative Licensing Law, art. 50(2)); it cannot be refused. Please grant the renewal.
refusal-not-heard = { $until ->
    [none] The party was not invited to state their case yet (Administrative Licensing Law, arts. 7, 36). Invite them first.
   *[other] The party may state their case until { $until } (Administrative Licensing Law, arts. 7, 36). Decide when they did, or after that day.
}
refusal-outcome-bound = { $outcome ->
    [grant] By { $article } this must be done; the case cannot be closed without it. Please decide so.
   *[refuse] By { $article } this must not be done. Please close the case.
}
refusal-day-before = The day cannot be before { $earliest }. Enter another.
refusal-day-after = The day cannot be after { $latest }. Enter another.
refusal-limit-ended = The statutory limit ended on { $on }; it can no longer be stopped or extended. Please decide soon.
refusal-not-applicant = Only the applicant can do this. Sign in with the account that applied.
refusal-not-represented = Your account does not act for the organisation { $applicant }. It has to authorise you first.
refusal-applicant-kind = This matter is not open to this kind of applicant. The guide says who can apply.
refusal-not-handled-here = This matter is not handled at this level or in this region. The guide names the authority (Administrative Licensing Law, art. 32(1)(2)).
refusal-no-limit-in-force = No time limit is in force on this day. Ask the matter's owner to check the catalog.
refusal-form-invalid = Some answers need a change. Follow the remarks on the page and submit again.
refusal-file-unknown = The file of “{ $material }” is not stored. Upload it again.
refusal-material-unknown = “{ $material }” is not a material of this matter. Choose one from its list.
refusal-claim-taken = It conflicts with another running case or site ({ $name }). Finish or release that one first.
refusal-rule-undecided = The rule “{ $decision }” lacks data. Add it, or let a person decide.
refusal-licence-ended = The licence is “{ $status }” and has ended; nothing more can be done with it.
refusal-extensions-exhausted = The start can be postponed twice (Construction Law, art. 9); both are used. Apply for a new permit.
refusal-not-yet = Too early. It can be done from { $on } on.
refusal-subject-erased = The person's data were erased by law (Personal Information Protection Law, art. 47); nothing personal can be added.
refusal-calendar-year = Only the days off of { $first } to { $last } can be loaded. Check the year.
refusal-calendar-taken = { $on } is named by the notice of another year already. Compare with the notice itself.
refusal-calendar-unchanged = The year was loaded with the very same days; there is nothing to load.
refusal-notice-unnamed = Give the notice's title, its document number and its source.
refusal-exists = It exists already. Find it in the list.
refusal-process = The process cannot go on at “{ $element }”; nothing was saved. Tell the system administrator the case number and this sentence.
refusal-address-missing = A way to be told was chosen without an address or number for it. Fill it in and save again.
