# Words of documents. Documents are printed in Chinese; these stand for it in the English catalogue.
paper-date = { $day } { $month } { $year }
paper-date-time = { $date }, { $hour }:{ $minute }
paper-channel-online = on line
paper-channel-window = at the window
paper-received-by-system = the on-line service
paper-received-by-window = the service window
paper-application-form = Application form
paper-form-electronic = file
paper-form-shared = shared data
paper-form-paper = paper
paper-supplement-requirement = Hand in what meets the legal form
paper-reconsideration = the People's Government of { $region }
paper-court = the People's Court that has jurisdiction
paper-pause-open = until that procedure ends
paper-delivery-electronic = may be downloaded
paper-delivery-window = is handed out at the service window
paper-delivery-post = is sent by post
