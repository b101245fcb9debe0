### What people read when something goes wrong. Nothing inward.
problem-request-id = If you need help, quote { $id }
problem-home = Back to the start page
problem-back-case = Back to the case
problem-back-draft = Back to the tasks
problem-back-work = Back to my work
problem-bad-request = The request could not be read
problem-bad-request-hint = What the browser sent was incomplete or malformed, and nothing was stored. Please go back and try again.
problem-no-paper = No paper at the moment
problem-no-paper-hint = This node has no fonts to print with. The document stands all the same; verify its number, and download it later.
problem-key-missing = Idempotency key missing
problem-key-missing-hint = A request that changes something needs the header Idempotency-Key (8 to 64 letters, digits, - _ or .). Use the same key for a retry, and nothing is done twice.
problem-sign-in = Please sign in
problem-sign-in-hint = You will come back to this page, and what you filled in is kept.
problem-forbidden = Not permitted
problem-forbidden-hint = Your present post may not do this. The security administrator of your organisation grants it.
problem-password-change = Change your password first
problem-password-change-hint = Your password was generated for you. You can work once it is one of your own.
problem-no-post = Choose a post first
problem-no-post-hint = You hold more than one post, or none that is in force today. Choose the one to act as, then ask again.
problem-forged = This page has expired
problem-forged-hint = To keep others from submitting in your name this was not accepted, and nothing was stored. Go back, reload and submit again.
problem-not-found = Not found
problem-not-found-hint = The address may be mistyped, or the content is not open to you. Please check the number.
problem-method = Not supported
problem-method-hint = This address does not take this kind of request. Please use the buttons on the page.
problem-timeout = Timed out
problem-timeout-hint = The network was too slow and the content did not arrive whole. Nothing was stored. Please try again later.
problem-conflict = Changed by someone else
problem-conflict-hint = While you were writing, someone changed the same content. Open the page again and compare before submitting.
problem-too-large = Too large
problem-too-large-hint = What was sent is over the limit and was not stored. Please compress or split it.
problem-url-too-long = The address is too long
problem-url-too-long-hint = Please use a link on the page, or fewer conditions.
problem-media-type = Wrong type of file
problem-media-type-hint = Please send one of the formats asked for, such as PDF, OFD, JPG or PNG.
problem-wrong-host = Wrong address
problem-wrong-host-hint = Please use the published address of this system.
problem-unprocessable = Something needs a change
problem-unprocessable-hint = Please correct what is marked and submit again.
problem-characters = Characters that cannot be printed
problem-characters-hint = A text holds characters that look different on every machine, or cannot be seen. Please remove them and send it again.
problem-too-many = Too many requests
problem-too-many-hint = Please try again in { $seconds } seconds.
problem-headers = The request headers are too large
problem-headers-hint = Please clear this site's cookies and try again.
problem-fault = Something went wrong here
problem-fault-hint = This action was not stored; what was there before is not affected. Please try again later; the fault has been recorded.
problem-busy = Busy
problem-busy-hint = Many people are working right now. What you submitted before is not affected. Please try again in { $seconds } seconds.
problem-storage-full = Out of storage
problem-storage-full-hint = Nothing new can be kept for now; reading goes on. Tell the system administrator, and try again once there is room.

## Form content
input-missing = Please fill in { $label }
input-too-long = At most { $max } characters
input-control = Contains invisible control characters, please type it again
input-character = Contains { $character }, which cannot be printed; please remove it
input-too-many = At most { $max } entries
input-whole-number = Please enter a whole number
input-range = Must be between { $min } and { $max }
input-date = Please write the date as 2026-11-23
input-choice = Please choose one of the listed options
input-money = Please enter an amount with at most { $decimals } decimals

## Upload
upload-missing = Please choose a file
upload-empty = The file is empty
upload-too-large = The file is over { $limit }, please compress it
upload-type = The content is not one of the allowed formats ({ $allowed })
upload-name = This file name cannot be used, please rename the file
upload-storage-full = Out of storage, the file was not kept
upload-broken = The file did not arrive whole, please send it again

## Password
password-short = A password has at least { $min } characters
password-long = A password has at most { $max } characters
password-common = This password is too common and easily guessed, please choose another
