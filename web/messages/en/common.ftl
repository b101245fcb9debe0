### Words shared by all pages. Keys are those of zh-CN; a missing one shows the Chinese.

## Frame
skip-link = Skip to main content
title-failed = Error: { $title }
crumbs-label = You are here
util-label = Tools
demo-data = Demonstration data
size-large = Large type
size-normal = Normal type
keys-switch-off = Switch single-key shortcuts off
keys-switch-on = Switch single-key shortcuts on
lang-other = 中文
sign-in = Sign in
sign-out = Sign out
search-label = Search this site
search-hint = Matters, guides
search-button = Search
nav-label = Main navigation
sites-label = Construction sites of the province
menu = Menu
menu-label = Main menu
product-office = Jiantong · Office
office-search-label = Search everything
office-search-hint = Case number, applicant, project
office-search-button = Search
reminders = Reminders
session-ends = For safety you will be signed out after { $minutes } minutes without activity. What you filled in is kept.
session-keep = Stay signed in
loading = Loading…
in-brackets = ({ $text })

## Forms
error-count = { $count ->
    [one] 1 answer needs a change
   *[other] { $count } answers need a change
}
error-prefix = Error:{" "}
field-optional = {" "}(optional)
file-remove = Remove
register-report = Wrong? Ask for a correction
upload-progress = Upload progress
upload-percent = { $percent }% uploaded
upload-failed = The upload broke off and nothing was stored. Please try again.
steps-label = Steps of the application
task-not-started = Not started
task-in-progress = In progress
task-done = Done
task-cannot-start = Not yet possible

## Lights
light-green = Green light
light-yellow = Yellow light
light-red = Red light
light-paused = Clock stopped
light-done = Finished

## Lists
filter-apply = Filter
filter-clear = Clear filters
column-limit = Time left
column-matter = Matter / applicant
column-number = Number
column-kind = Kind
column-step = Step
column-region = Region
column-received = Received
column-action = Action
select-page = Select this page
select-case = Select { $number }
pager-previous = Previous
pager-next = Next

## Case page
deadline-label = Time limit
deadline-how = How it is counted
deadline-used = { $percent } percent of the promised time used
check-caption = Check points and conclusions
check-point = Point
check-source = Basis
check-result = Finding
check-conclusion = Conclusion
opinion-phrases = Phrases:
day-date = Date
day-count = Count
day-reason = Why
confirmation-next = What happens next

## Dates and money
date-long = { $weekday }, { $year }-{ $month }-{ $day }
weekday-monday = Monday
weekday-tuesday = Tuesday
weekday-wednesday = Wednesday
weekday-thursday = Thursday
weekday-friday = Friday
weekday-saturday = Saturday
weekday-sunday = Sunday
money-wan = CNY { $amount } × 10,000
money-yuan = CNY { $amount }
