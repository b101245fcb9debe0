//! Values every floor shares: ids, working days and deadlines, money, codes, regions, refusals.
