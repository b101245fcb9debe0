### Public pages: start, matters, guide, progress, verification.

public-home-title = Home
public-services = Services
public-all-matters = All matters
public-results = Results made public
public-result = Result
public-result-project = Project (applicant)
public-figure-received = received in { $days } days
public-figure-decided = decided in { $days } days
public-matters-title = Matters
public-matters-none = No matter is called “{ $words }”.
public-matter = Matter
public-promised = Done within { $limit }
public-statutory = By law { $limit }
public-lower-review = Review by the lower level { $limit }
public-later-check = Check after a grant on commitment { $limit }
public-limit-working-days = { $n ->
    [one] { $n } working day
   *[other] { $n } working days
}
public-limit-days = { $n ->
    [one] { $n } day
   *[other] { $n } days
}
public-limit-months = { $n ->
    [one] { $n } month
   *[other] { $n } months
}
public-limit-hours = { $n ->
    [one] { $n } hour
   *[other] { $n } hours
}
public-apply = Apply online
public-material = Material
public-formats = Formats
public-basis = Basis
public-progress-title = Progress of a case
public-progress-hint = Enter the case number and the applicant's credit code or the verification code of the receipt.
public-progress-fact = Credit code or verification code
public-progress-button = Look up
public-progress-none = No case fits both. Check the number and the second entry.
public-verify-title = Verify a document
public-verify-hint = Enter number and verification code, or scan the QR code on the paper.
public-verify-button = Verify
public-verify-number = Number
public-verify-code = Verification code
public-verify-none = No document fits both number and code. Check them and try again.
public-verify-kind = Name
public-verify-issuer = Issued by
public-verify-issued = Issued on
public-verify-holder = Holder
public-verify-until = Valid until
public-verify-hash = Digest of the file (SHA-256)
public-verify-genuine = Genuine and valid
public-verify-ended = Genuine, but no longer valid
public-verify-replaced = Genuine, but replaced by a newer certificate under the same number
public-verify-replaced-on = Replaced on
public-verify-status = Status of the licence
public-verify-since = { $status } since { $date }
