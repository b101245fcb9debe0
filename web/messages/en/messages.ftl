### Messages by e-mail and SMS, how one wishes to be told, the queue.

message-subject = { $what } ({ $number })
message-short = { $what }: { $matter }, case { $number }.
message-mail =
    { $what }

    Matter: { $matter }
    Case: { $number }

    { $address }

    This message was sent by the system; please do not answer it. The statutory documents are in your case.
message-supplement-asked = Your application has to be supplemented
message-accepted = Your application was accepted
message-not-accepted = Your application was not accepted
message-paused = The clock of your case stands still
message-resumed = The clock of your case runs again
message-extended = The time limit of your case was extended
message-hearing-offered = You may ask for a hearing in your case
message-hearing-appointed = A hearing is appointed in your case
message-statement-invited = You are invited to state your case
message-moved = The limits of your case were counted again after the yearly notice of days off
message-forwarded = Your application was reviewed and sent to the authority that decides
message-commitment-checked = Your commitment was checked; see the notice
message-granted = Your application was granted
message-refused = Your application was refused
message-opened = The authority opened a case about your licence
message-decided = The authority decided a case about your licence
message-closed = The authority closed a case about your licence
message-ready = The certificate of your case is ready
message-nearly-due = A limit of a case in hand is nearly over
message-overdue = A limit of a case in hand is over
message-by-email = E-mail
message-by-sms = SMS
message-by-render = Paper
message-reason-refused = refused by the other side ({ $code })
message-reason-unreachable = the server cannot be reached
message-reason-timeout = the server did not answer in time
message-reason-answer = the server's answer cannot be understood
message-reason-unwanted = the recipient no longer wishes it, or has no address
message-reason-unfit = the address or the text is not fit to be sent
detail-told = { $what } · { $how }
detail-proof = { $text } (receipt: { $proof })
detail-not-told = { $message }: { $reason }
event-message-delivered = Told
event-message-failed = Not told
event-message-requeued = To be told again
contact-title = How you are told
contact-why = What happens to a case is always shown here. If you wish, you are told by e-mail or SMS as well. Only you see and change these addresses.
contact-silent = This site sends no e-mail and no SMS at present. What you set here is kept until it does.
contact-email = E-mail address
contact-mobile = Mobile number
contact-wishes = Tell me by
contact-wishes-hint = Leave both empty to be told here alone.
contact-language = Language of the messages
contact-zh = Chinese
contact-en = English
contact-button = Save
contact-email-unfit = Enter one e-mail address, such as name@example.com
contact-email-needed = Enter an e-mail address to be told by e-mail
contact-email-demo = The demonstration takes only addresses that end with .invalid
contact-mobile-unfit = Enter a mobile number of the mainland, 11 digits
contact-mobile-needed = Enter a mobile number to be told by SMS
contact-mobile-demo = The demonstration takes only numbers of 11 digits that begin with 100
done-contact = Saved how you are told
menu-messages = Message queue
messages-silent = No mail server and no SMS gateway is configured: everything is told in the application alone.
queue-title = Waiting
queue-empty = Nothing waits.
queue-organisation = Office
queue-by = By
queue-waiting = How many
queue-oldest = Oldest waits for
queue-age = { $hours } h { $minutes } min
queue-tries = Tries
dead-title = Given up
dead-empty = No message was given up.
dead-case = Case
dead-what = Message
dead-reason = Reason
dead-at = Given up at
dead-retry = Try again
dead-retry-of = Try the message of case { $number } again
dead-more = Older ones
done-requeued = The message waits to be sent again
